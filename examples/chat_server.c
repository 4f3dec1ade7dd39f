/* SPDX-License-Identifier: MIT
 *
 * examples/chat_server.c - a page and the chat that it talks to, on one port
 *
 *      chat_server [ADDRESS]           127.0.0.1:8080 unless said otherwise
 *
 * Whoever connects to /chat is subscribed to the topic "chat"; what anyone says is published there, the
 * sender included. A connection that closes leaves its topics by itself, so there is no list of members
 * to keep. Open the page in two windows.
 */
#include <stdio.h>
#include <string.h>

#include <weft/weft.h>

static const char page_html[] =
    "<!doctype html><meta charset=utf-8><title>weft chat</title>\n"
    "<style>body { font: 1.1rem system-ui; max-width: 40rem; margin: 2rem auto; }</style>\n"
    "<form id=form><input id=text autofocus autocomplete=off size=40> <button>Say</button></form>\n"
    "<ul id=said></ul>\n"
    "<script>\n"
    "const socket = new WebSocket(`ws://${location.host}/chat`);\n"
    "socket.onmessage = (event) => {\n"
    "  const line = document.createElement('li');\n"
    "  line.textContent = event.data;\n"
    "  said.prepend(line);\n"
    "};\n"
    "form.onsubmit = (event) => {\n"
    "  event.preventDefault();\n"
    "  socket.send(text.value);\n"
    "  text.value = '';\n"
    "};\n"
    "</script>\n";

static void page(weft_request *r, void *user)
{
    (void)user;
    weft_respond(r, 200, "text/html; charset=utf-8", page_html, strlen(page_html));
}

static void join(weft_conn *c)
{
    weft_hub *hub = weft_conn_user(c);
    if (weft_subscribe(hub, c, "chat") < 0) weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, NULL);
}

static void say(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    if (weft_publish_from(weft_conn_user(c), c, "chat", op, data, len) < 0) weft_abort(c);
}

static const weft_request_handler start = {.on_request = page};
static const weft_handler chat = {.on_open = join, .on_message = say};

int main(int argc, char **argv)
{
    weft_loop *loop;
    weft_server *server;
    weft_hub *hub;
    char address[64];
    int error;

    if ((error = weft_loop_new(&loop, NULL)) < 0 ||
        (error = weft_server_new(&server, loop, NULL)) < 0 ||
        (error = weft_hub_new(&hub, loop, NULL)) < 0 ||
        (error = weft_server_on_request(server, "/", &start, NULL)) < 0 ||
        (error = weft_server_route(server, "/chat", &chat, hub)) < 0 ||
        (error = weft_server_listen(server, argc > 1 ? argv[1] : "127.0.0.1:8080", NULL)) < 0) {
        fprintf(stderr, "chat_server: %s\n", weft_strerror(error));
        return 1;
    }
    weft_server_address(server, 0, address, sizeof address);
    printf("http://%s/\n", address);
    fflush(stdout);
    return weft_loop_run(loop) < 0;
}
