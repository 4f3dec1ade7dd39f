// SPDX-License-Identifier: MIT
//
// said.js: what weft says of handshakes and frames, in the language of the page.
//
//   said("a frame from a client is not masked")    on a Chinese page "客户端的帧没有掩码"
//
// Those sentences are constants of the library, and part of what it sends: the body of a refusal, the reason of a Close.
// So each is its own code, and in English it stands as it came. tests/e2e/site.test.mjs reads them in the sources.

import { language } from "./language.js";

const CHINESE = {
  // --- the head of a request -----------------------------------------------------------------------------
  "the request line is too long": "请求行太长",
  "the head is too long": "请求头太长",
  "a header field is too long": "有一个首部字段太长",
  "a bare LF ends a line": "有一行只以 LF 结尾",
  "a NUL byte": "有一个 NUL 字节",
  "a bare CR": "有一个单独的 CR",
  "a character that may not stand in a method": "请求方法里有不允许的字符",
  "a TLS handshake came where plain HTTP is spoken": "这里说的是明文 HTTP，来的却是 TLS 握手",
  "a request does not begin with a method": "请求没有以请求方法开头",
  "more than one space behind the method": "请求方法后面不止一个空格",
  "a fragment in the target": "请求目标里有片段标识符",
  "a request line without HTTP version": "请求行里没有 HTTP 版本",
  "a character that may not stand in a target": "请求目标里有不允许的字符",
  "an HTTP version other than 1.0 and 1.1": "HTTP 版本既不是 1.0 也不是 1.1",
  "the HTTP version is not of the form HTTP/1.1": "HTTP 版本的写法不是 HTTP/1.1 这种形式",
  "something stands behind the HTTP version": "HTTP 版本后面还有别的内容",
  "a header line begins with white space (obsolete folding)": "首部行以空白开头（早已废弃的折行写法）",
  "an empty header field name": "首部字段名是空的",
  "too many header fields": "首部字段太多",
  "a space before the colon": "冒号前面有空格",
  "a header line without colon": "首部行里没有冒号",
  "a character that may not stand in a header field name": "首部字段名里有不允许的字符",
  "a control character in a header field": "首部字段里有控制字符",
  "the target is neither a path nor an absolute URL": "请求目标既不是路径，也不是完整的 URL",
  "the target's host or port is not valid": "请求目标里的主机或端口无效",
  "CONNECT: this server is not a proxy": "CONNECT：这个服务器不是代理",
  "the target * is for OPTIONS only": "只有 OPTIONS 才能以 * 为请求目标",
  "more than one Host": "Host 不止一个",
  "no Host": "没有 Host",
  "Host is not a valid host": "Host 不是有效的主机",
  "both Content-Length and Transfer-Encoding": "Content-Length 和 Transfer-Encoding 同时出现",
  "Transfer-Encoding in HTTP/1.0": "HTTP/1.0 里没有 Transfer-Encoding",
  "a request for an upgrade may not have a body": "升级请求不能带有正文",
  "a Transfer-Encoding other than chunked": "Transfer-Encoding 不是 chunked",
  "more than one Content-Length": "Content-Length 不止一个",
  "Content-Length is not a number": "Content-Length 不是数字",
  "Expect is not 100-continue": "Expect 不是 100-continue",

  // --- the handshake -------------------------------------------------------------------------------------
  "the head has no end: it is an empty line": "请求头还没有结束：结尾应当是一个空行",
  "the origin may not open a WebSocket here": "不允许这个源在这里打开 WebSocket",
  "a WebSocket is opened with GET": "打开 WebSocket 要用 GET",
  "a WebSocket needs HTTP/1.1, of a proxy in front as well": "WebSocket 需要 HTTP/1.1，前面的代理也不例外",
  "there must be one Host": "必须有且只有一个 Host",
  "this is a WebSocket: the request must have Upgrade: websocket": "这里是 WebSocket：请求里必须有 Upgrade: websocket",
  "Connection does not have the token Upgrade, which a proxy in front has to pass on": "Connection 里没有 Upgrade，而前面的代理必须把它转过来",
  "there must be one Sec-WebSocket-Key": "必须有且只有一个 Sec-WebSocket-Key",
  "Sec-WebSocket-Key is not 16 bytes in base64": "Sec-WebSocket-Key 不是 16 个字节的 base64",
  "an upgrade request may not have a body": "升级请求不能带有正文",
  "Sec-WebSocket-Protocol holds something that is no token": "Sec-WebSocket-Protocol 里有不合语法的内容",
  "too many subprotocols in Sec-WebSocket-Protocol": "Sec-WebSocket-Protocol 里的子协议太多",
  "Sec-WebSocket-Protocol names a subprotocol twice": "Sec-WebSocket-Protocol 里有一个子协议出现了两次",
  "Sec-WebSocket-Protocol is empty": "Sec-WebSocket-Protocol 是空的",
  "Sec-WebSocket-Extensions is no list of extensions: name; parameter; parameter=value, name":
    "Sec-WebSocket-Extensions 不是扩展的列表；应当写成：名称; 参数; 参数=值, 名称",
  "Sec-WebSocket-Version must be 13": "Sec-WebSocket-Version 必须是 13",

  // --- frames --------------------------------------------------------------------------------------------
  "the message is larger than the limit": "消息超过了大小限制",
  "a text message is not UTF-8": "文本消息不是 UTF-8",
  "a reserved bit is set, and no extension was negotiated": "置了保留位，但没有商定任何扩展",
  "a reserved bit is set that the extension does not use": "置了一个扩展并不使用的保留位",
  "the compression bit on a frame that does not begin a message": "压缩位出现在不是消息开头的帧上",
  "a reserved control opcode": "保留的控制帧操作码",
  "a fragmented control frame": "控制帧被分片",
  "a control frame longer than 125 bytes": "控制帧超过 125 字节",
  "a reserved opcode": "保留的操作码",
  "a continuation frame without a message to continue": "有延续帧，却没有可延续的消息",
  "a new message before the last one was complete": "上一条消息还没有完，又开始了新消息",
  "a frame from a client is not masked": "客户端的帧没有掩码",
  "a length that is not in its shortest form, or over 2^63": "长度没有用最短的形式，或者超过了 2^63",
  "a Close frame with half a status code": "关闭帧里只有半个关闭码",
  "a status code that may not be sent": "不允许发送的关闭码",
  "the reason of a Close frame is not UTF-8": "关闭帧的原因不是 UTF-8",
  "too many fragments in a message": "一条消息的分片太多",
  "too many empty fragments in a message": "一条消息的空分片太多",
  "a text message ends inside a code point": "文本消息在一个字符中间结束",
  "a compressed message refers to an earlier one against the agreement (Safari 15.0-15.3?): weft_deflate.keep_window":
    "压缩的消息违反约定，引用了之前的消息（Safari 15.0 到 15.3？）：weft_deflate.keep_window",
  "a compressed message that cannot be inflated": "压缩的消息无法解压",
  "a message that is compressed more than max_inflate_ratio allows": "消息的压缩比超过了 max_inflate_ratio",

  // --- the laboratory ------------------------------------------------------------------------------------
  "the laboratory sends no more than this back": "实验室最多只送回这么多",
  "not for pages of others": "其他网站的页面不能用",
  "out of memory": "内存不足",
};

/** The sentence in the language of the page; as it came, where nobody has translated it. */
export const said = (sentence) => (language === "zh" && CHINESE[sentence.trim()]) || sentence;
