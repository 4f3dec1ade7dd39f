/* SPDX-License-Identifier: MIT
 *
 * cli/outcome.c - how a WebSocket ended: in one parseable line, in words, and as an exit code
 */
#include "cli/outcome.h"

#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/escape.h"

void outcome_print(FILE *to, const weft_close_info *info)
{
    fprintf(to, "closed code=%u reason=", info->code);
    escape_json(to, info->reason);
    fprintf(to, " by=%s clean=%s", info->by_peer ? "peer" : "us", info->clean ? "yes" : "no");
    if (info->sent_code && info->sent_code != info->code) fprintf(to, " sent=%u", info->sent_code);
    if (!info->error) return;
    fprintf(to, " error=%s cause=", weft_errname(info->error));
    escape_json(to, (weft_bytes){(const uint8_t *)info->cause, strlen(info->cause)});
}

const char *outcome_words(uint16_t code)
{
    switch (code) {
    case WEFT_CLOSE_NORMAL: return "done";
    case WEFT_CLOSE_GOING_AWAY: return "going away";
    case WEFT_CLOSE_PROTOCOL_ERROR: return "the protocol was broken";
    case WEFT_CLOSE_UNSUPPORTED_DATA: return "this kind of data is not accepted";
    case WEFT_CLOSE_NO_STATUS: return "no reason was given";
    case WEFT_CLOSE_ABNORMAL: return "the connection was lost";
    case WEFT_CLOSE_INVALID_PAYLOAD: return "text was not valid UTF-8";
    case WEFT_CLOSE_POLICY_VIOLATION: return "a rule of the server was broken";
    case WEFT_CLOSE_MESSAGE_TOO_BIG: return "a message was too big";
    case WEFT_CLOSE_MANDATORY_EXTENSION: return "an extension is missing";
    case WEFT_CLOSE_INTERNAL_ERROR: return "the server met an error";
    case WEFT_CLOSE_SERVICE_RESTART: return "the server is restarting";
    case WEFT_CLOSE_TRY_AGAIN_LATER: return "the server is busy; try again later";
    case WEFT_CLOSE_BAD_GATEWAY: return "a gateway got a bad answer";
    default: return "a code of the application";
    }
}

/* Errors that mean the same whenever they happen; -1 for the others. */
static int exit_common(int error)
{
    switch (error) {
    case WEFT_ERR_TIMEOUT:
    case -ETIMEDOUT: return EXIT_TIMEOUT;
    case WEFT_ERR_TLS: return EXIT_TLS;
    case WEFT_ERR_CERTIFICATE: return EXIT_CERTIFICATE;
    case WEFT_ERR_PROTOCOL:
    case WEFT_ERR_DEFLATE:
    case WEFT_ERR_UTF8:
    case WEFT_ERR_TOO_BIG:
    case WEFT_ERR_POLICY:
    case WEFT_ERR_HTTP:
    case WEFT_ERR_HANDSHAKE: return EXIT_PROTOCOL;
    default: return -1;
    }
}

int outcome_exit_connect(int error)
{
    int common = exit_common(error);
    if (common >= 0) return common;
    switch (error) {
    case 0: return EXIT_CLEAN;
    case -EINVAL: return EXIT_USAGE;
    case WEFT_ERR_URL:
    case WEFT_ERR_UNSUPPORTED: return EXIT_URL;
    case WEFT_ERR_RESOLVE: return EXIT_RESOLVE;
    case WEFT_ERR_REFUSED: return EXIT_REFUSED;
    case WEFT_ERR_LOST: return EXIT_LOST;
    default: return EXIT_CONNECT;
    }
}

static bool harmless(uint16_t code)
{
    return code == WEFT_CLOSE_NORMAL || code == WEFT_CLOSE_GOING_AWAY ||
           code == WEFT_CLOSE_NO_STATUS;
}

/* The peer said something else than the code that we gave it. */
static bool complains(const weft_close_info *info)
{
    if (harmless(info->code) || info->code == WEFT_CLOSE_ABNORMAL) return false;
    return info->by_peer || info->code != info->sent_code;
}

void outcome_refuse(struct outcome_refusal *out, int status, weft_bytes words)
{
    out->refusal = (weft_refusal){.status = status, .body = words, .whole = true};
    out->info = (weft_close_info){.code = WEFT_CLOSE_ABNORMAL,
                                  .error = WEFT_ERR_REFUSED,
                                  .cause = "refused",
                                  .refusal = &out->refusal};
}

int outcome_exit(const weft_close_info *info, bool opened)
{
    if (!opened) return outcome_exit_connect(info->error);
    if (complains(info)) return EXIT_CODE;
    if (!info->error || info->error == WEFT_ERR_CLOSED) return EXIT_CLEAN;

    int common = exit_common(info->error);
    return common >= 0 ? common : EXIT_LOST;
}
