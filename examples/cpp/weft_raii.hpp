/* SPDX-License-Identifier: MIT
 *
 * examples/cpp/weft_raii.hpp - weft in C++17: owners that free, lambdas as callbacks, errors as exceptions
 *
 * Copy it into your program, and change it there: it is an example of how little lies between C++ and weft, not a second
 * library. What it has no word for is reached by get().
 *
 *      weft::loop      owns a weft_loop
 *      weft::server    owns a weft_server, and the callbacks of its routes
 *      weft::conn      borrows a weft_conn: copy it, and use it until its on_close has returned
 *      weft::request   owns a weft_request until it is answered; one that is let go of is answered with 500
 *
 * Two rules that C++ brings along. No exception may pass through weft's frames, which are C: whatever leaves a callback
 * is caught, and ends that connection with 1011, or that request with 500. And what callbacks capture lives as long as
 * the server, or, with connect, until on_close has returned.
 */
#ifndef WEFT_RAII_HPP
#define WEFT_RAII_HPP

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weft/weft.h>

namespace weft
{

class error : public std::runtime_error
{
  public:
    explicit error(int code) : std::runtime_error(weft_strerror(code)), code_(code) {}
    int code() const noexcept { return code_; }

  private:
    int code_;
};

inline int check(int result)
{
    if (result < 0) throw error(result);
    return result;
}

template <class T, void (*Free)(T *)> struct freed_by {
    void operator()(T *p) const noexcept { Free(p); }
};

inline std::string_view text(weft_bytes b)
{
    return {reinterpret_cast<const char *>(b.data), b.len};
}

// ---- the loop ----------------------------------------------------------------------------------

class loop
{
  public:
    explicit loop(const weft_loop_config *config = nullptr)
    {
        weft_loop *l;
        check(weft_loop_new(&l, config));
        loop_.reset(l);
    }

    weft_loop *get() const noexcept { return loop_.get(); }
    void run() { check(weft_loop_run(get())); }
    void stop() noexcept { weft_loop_stop(get()); }

    // Any thread. fn is called in the loop's, once.
    void post(std::function<void()> fn)
    {
        auto box = std::make_unique<std::function<void()>>(std::move(fn));
        check(weft_loop_post(get(), run_box, box.get()));
        box.release();
    }

  private:
    static void run_box(void *arg)
    {
        std::unique_ptr<std::function<void()>> box(static_cast<std::function<void()> *>(arg));
        try {
            (*box)();
        } catch (...) { // nobody is there to whom it could be told
        }
    }

    std::unique_ptr<weft_loop, freed_by<weft_loop, weft_loop_free>> loop_;
};

// ---- connections -------------------------------------------------------------------------------

class conn
{
  public:
    explicit conn(weft_conn *c) noexcept : conn_(c) {}

    weft_conn *get() const noexcept { return conn_; }
    weft_id id() const noexcept { return weft_conn_id(conn_); }

    // What weft_send says: look at it.
    [[nodiscard]] int send(std::string_view text) { return send(WEFT_TEXT, text); }
    [[nodiscard]] int send(weft_opcode op, std::string_view data)
    {
        return weft_send(conn_, op, data.data(), data.size());
    }

    void close(uint16_t code = WEFT_CLOSE_NORMAL, const char *reason = nullptr) noexcept
    {
        if (weft_close(conn_, code, reason) < 0) weft_abort(conn_);
    }
    void abort() noexcept { weft_abort(conn_); }
    void pause() noexcept { weft_pause(conn_); }
    void resume() noexcept { weft_resume(conn_); }
    bool backlogged() const noexcept { return weft_backlogged(conn_); }

  private:
    weft_conn *conn_;
};

// All optional.
struct callbacks {
    std::function<void(conn)> on_open;
    std::function<void(conn, weft_opcode, std::string_view)> on_message;
    std::function<void(conn)> on_drain;
    std::function<void(conn, const weft_close_info &)> on_close;
};

namespace detail
{

inline const callbacks &of(weft_conn *c)
{
    return *static_cast<const callbacks *>(weft_conn_user(c));
}

template <class Call> void guarded(weft_conn *c, Call call) noexcept
{
    try {
        call();
    } catch (...) {
        conn(c).close(WEFT_CLOSE_INTERNAL_ERROR);
    }
}

inline void on_open(weft_conn *c)
{
    guarded(c, [c] {
        if (of(c).on_open) of(c).on_open(conn(c));
    });
}

inline void on_message(weft_conn *c, weft_opcode op, const void *data, std::size_t len)
{
    guarded(c, [=] {
        if (of(c).on_message) of(c).on_message(conn(c), op, {static_cast<const char *>(data), len});
    });
}

inline void on_drain(weft_conn *c)
{
    guarded(c, [c] {
        if (of(c).on_drain) of(c).on_drain(conn(c));
    });
}

inline void on_close(weft_conn *c, const weft_close_info *info)
{
    guarded(c, [=] {
        if (of(c).on_close) of(c).on_close(conn(c), *info);
    });
}

inline void on_last_close(weft_conn *c, const weft_close_info *info)
{
    on_close(c, info);
    delete &of(c);
}

inline weft_handler handler()
{
    weft_handler h{};
    h.on_open = on_open;
    h.on_message = on_message;
    h.on_drain = on_drain;
    h.on_close = on_close;
    return h;
}

} // namespace detail

// A client. The connection is there at once; on_open, or on_close, follows.
inline conn connect(loop &l, const std::string &url, callbacks c)
{
    weft_conn *made;
    weft_handler h = detail::handler();
    h.on_close = detail::on_last_close;
    auto own = std::make_unique<callbacks>(std::move(c));
    check(weft_connect(&made, l.get(), url.c_str(), nullptr, &h, own.get()));
    own.release();
    return conn(made);
}

// ---- requests ----------------------------------------------------------------------------------

class request
{
  public:
    explicit request(weft_request *r) noexcept : request_(r) {}

    weft_request *get() const noexcept { return request_.get(); }
    std::string_view method() const { return text(weft_request_method(get())); }
    std::string_view path() const { return text(weft_request_path(get())); }
    std::string_view body() const { return text(weft_request_body(get())); }

    // Whoever has answered it has it no more.
    int respond(int status, const char *type, std::string_view body)
    {
        return weft_respond(request_.release(), status, type, body.data(), body.size());
    }

  private:
    struct answered {
        void operator()(weft_request *r) const noexcept
        {
            weft_respond(r, 500, nullptr, nullptr, 0);
        }
    };
    std::unique_ptr<weft_request, answered> request_;
};

// ---- the server --------------------------------------------------------------------------------

class server
{
  public:
    using page = std::function<void(request)>;

    explicit server(loop &l, const weft_server_config *config = nullptr)
    {
        weft_server *s;
        check(weft_server_new(&s, l.get(), config));
        server_.reset(s);
    }

    weft_server *get() const noexcept { return server_.get(); }

    void route(const char *path, callbacks c)
    {
        const weft_handler h = detail::handler();
        callbacks_.push_back(std::make_unique<callbacks>(std::move(c)));
        check(weft_server_route(get(), path, &h, callbacks_.back().get()));
    }

    void on_request(const char *path, page p)
    {
        weft_request_handler h{};
        h.on_request = serve;
        pages_.push_back(std::make_unique<page>(std::move(p)));
        check(weft_server_on_request(get(), path, &h, pages_.back().get()));
    }

    void listen(const char *address, const weft_listen_options *options = nullptr)
    {
        check(weft_server_listen(get(), address, options));
    }

    std::string address(std::size_t i = 0) const
    {
        char text[128];
        check(weft_server_address(get(), i, text, sizeof text));
        return text;
    }

  private:
    static void serve(weft_request *r, void *user) noexcept
    {
        try {
            (*static_cast<page *>(user))(request(r));
        } catch (...) { // the request has answered itself
        }
    }

    // Below, so that the server goes first.
    std::vector<std::unique_ptr<callbacks>> callbacks_;
    std::vector<std::unique_ptr<page>> pages_;
    std::unique_ptr<weft_server, freed_by<weft_server, weft_server_free>> server_;
};

} // namespace weft

#endif
