/* SPDX-License-Identifier: MIT
 *
 * bench/peers/beast_server.cpp - Boost.Beast
 *
 *      beast_server [--deflate] [--cert FILE --key FILE]     prints its address; until it is killed
 *
 * /echo sends everything back; any other path is a channel: what is said there goes to all who are there.
 * One thread, asynchronous, as in Beast's examples: one read and one write under way for each connection.
 */
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast.hpp>
#include <boost/beast/ssl.hpp>
#include <deque>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;
using tcp = asio::ip::tcp;

struct options {
    bool deflate = false;
    std::string cert, key;
};

/* Who hears what is said on the channel. */
struct member {
    virtual ~member() = default;
    virtual void hear(std::shared_ptr<const std::string> message, bool text) = 0;
};

static std::set<member *> channel;

template <class Stream>
class session : public member, public std::enable_shared_from_this<session<Stream>>
{
  public:
    template <class... Args>
    explicit session(const options &o, Args &&...args) : ws(std::forward<Args>(args)...)
    {
        websocket::permessage_deflate deflate;
        deflate.server_enable = o.deflate;
        deflate.server_no_context_takeover = true;
        deflate.client_no_context_takeover = true;
        ws.set_option(deflate);
        ws.auto_fragment(false);
    }

    ~session() override
    {
        channel.erase(this);
    }

    void start()
    {
        if constexpr (std::is_same_v<Stream, tcp::socket>) read_request();
        else
            ws.next_layer().async_handshake(asio::ssl::stream_base::server,
                                            [self = this->shared_from_this()](error_code e) {
                                                if (!e) self->read_request();
                                            });
    }

  private:
    void read_request()
    {
        http::async_read(ws.next_layer(), buffer, request,
                         [self = this->shared_from_this()](error_code e, size_t) {
                             if (!e) self->upgrade();
                         });
    }

    void upgrade()
    {
        ws.async_accept(request, [self = this->shared_from_this()](error_code e) {
            if (e) return;
            if (self->request.target() != "/echo") channel.insert(self.get());
            self->echoes = self->request.target() == "/echo";
            self->request = {};
            self->buffer.consume(self->buffer.size());
            self->read();
        });
    }

    void read()
    {
        ws.async_read(buffer, [self = this->shared_from_this()](error_code e, size_t) {
            if (e) channel.erase(self.get());
            else if (self->echoes) self->echo();
            else self->say();
        });
    }

    void echo()
    {
        ws.text(ws.got_text());
        ws.async_write(buffer.data(), [self = this->shared_from_this()](error_code e, size_t n) {
            self->buffer.consume(n);
            if (!e) self->read();
        });
    }

    void say()
    {
        auto message = std::make_shared<const std::string>(beast::buffers_to_string(buffer.data()));
        bool text = ws.got_text();
        buffer.consume(buffer.size());
        for (member *m : channel) m->hear(message, text);
        read();
    }

    void hear(std::shared_ptr<const std::string> message, bool text) override
    {
        queue.emplace_back(std::move(message), text);
        if (queue.size() == 1) write();
    }

    void write()
    {
        ws.text(queue.front().second);
        ws.async_write(asio::buffer(*queue.front().first),
                       [self = this->shared_from_this()](error_code e, size_t) {
                           if (e) return;
                           self->queue.pop_front();
                           if (!self->queue.empty()) self->write();
                       });
    }

    websocket::stream<Stream> ws;
    beast::flat_buffer buffer;
    http::request<http::string_body> request;
    std::deque<std::pair<std::shared_ptr<const std::string>, bool>> queue;
    bool echoes = true;
};

class listener
{
  public:
    listener(asio::io_context &context, const options &o)
        : options_(o), acceptor(context, {asio::ip::address_v4::loopback(), 0})
    {
        acceptor.listen(4096);
        if (o.cert.empty()) return;
        tls.emplace(asio::ssl::context::tls_server);
        tls->use_certificate_chain_file(o.cert);
        tls->use_private_key_file(o.key, asio::ssl::context::pem);
    }

    void accept()
    {
        acceptor.async_accept([this](error_code e, tcp::socket socket) {
            if (!e) start(std::move(socket));
            accept();
        });
    }

    unsigned short port() const
    {
        return acceptor.local_endpoint().port();
    }

  private:
    void start(tcp::socket socket)
    {
        socket.set_option(tcp::no_delay(true));
        if (tls)
            std::make_shared<session<asio::ssl::stream<tcp::socket>>>(options_, std::move(socket),
                                                                      *tls)
                ->start();
        else std::make_shared<session<tcp::socket>>(options_, std::move(socket))->start();
    }

    options options_;
    tcp::acceptor acceptor;
    std::optional<asio::ssl::context> tls;
};

int main(int argc, char **argv)
{
    options o;
    for (int i = 1; i < argc; i++) {
        std::string flag = argv[i];
        if (flag == "--deflate") o.deflate = true;
        if (flag == "--cert" && i + 1 < argc) o.cert = argv[++i];
        if (flag == "--key" && i + 1 < argc) o.key = argv[++i];
    }
    asio::io_context context(1);
    listener l(context, o);
    l.accept();
    std::cout << (o.cert.empty() ? "ws" : "wss") << "://127.0.0.1:" << l.port() << std::endl;
    context.run();
}
