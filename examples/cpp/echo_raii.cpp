/* SPDX-License-Identifier: MIT
 *
 * examples/cpp/echo_raii.cpp - what is sent comes back, in C++17 with weft_raii.hpp
 *
 *      echo_raii [ADDRESS]             127.0.0.1:8080 unless said otherwise
 *
 * Whoever does not read what comes back is not listened to until he does. "throw" shows what becomes of an exception.
 */
#include <iostream>

#include "weft_raii.hpp"

static void serve(const char *address)
{
    weft::loop loop;
    weft::server server(loop);
    unsigned count = 0;

    weft::callbacks echo;
    echo.on_open = [&](weft::conn) { count++; };
    echo.on_message = [](weft::conn c, weft_opcode op, std::string_view data) {
        if (data == "throw") throw std::runtime_error("as you wish");
        if (c.send(op, data) < 0) c.abort();
        else if (c.backlogged()) c.pause();
    };
    echo.on_drain = [](weft::conn c) { c.resume(); };

    server.route("/echo", echo);
    server.on_request("/", [&](weft::request r) {
        r.respond(200, "text/plain", std::to_string(count) + " have been here\n");
    });
    server.on_request("/throw", [](weft::request) { throw std::runtime_error("as you wish"); });
    server.listen(address);
    std::cout << "ws://" << server.address() << "/echo" << std::endl;
    loop.run();
}

int main(int argc, char **argv)
{
    try {
        serve(argc > 1 ? argv[1] : "127.0.0.1:8080");
    } catch (const weft::error &e) {
        std::cerr << "echo_raii: " << e.what() << '\n';
        return 1;
    }
}
