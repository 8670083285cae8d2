/* The names of the server's counts. Immutable; any thread. */
#include "net/counts.h"

#define REFUSED "websocket_refused_total", "WebSocket sessions that were refused.", "reason"
#define CLOSED  "websocket_closed_total", "WebSocket sessions that the server ended.", "reason"
#define MESSAGE "client_messages_total", "Messages of listeners, by what became of them.", "result"
#define HTTP    "http_replies_total", "HTTP requests that were answered, by class of status.", "class"
#define CUT     "http_limited_total", "HTTP requests refused or cut by a limit.", "reason"
#define DROPPED "connections_dropped_total", "Connections closed before they said what they want.", "reason"

const struct aur_count_row aur_count_table[AUR_COUNTS] = {
    [AUR_COUNT_REFUSED_CLIENTS] = {REFUSED, "clients"},
    [AUR_COUNT_REFUSED_ADDRESS] = {REFUSED, "address"},
    [AUR_COUNT_REFUSED_ORIGIN] = {REFUSED, "origin"},
    [AUR_COUNT_REFUSED_HANDSHAKE] = {REFUSED, "handshake"},
    [AUR_COUNT_REFUSED_PATH] = {REFUSED, "path"},
    [AUR_COUNT_REFUSED_PARAMETER] = {REFUSED, "parameter"},
    [AUR_COUNT_REFUSED_CHANNEL] = {REFUSED, "channel"},
    [AUR_COUNT_REFUSED_PRIVATE] = {REFUSED, "private"},
    [AUR_COUNT_REFUSED_DRAINING] = {REFUSED, "shutdown"},
    [AUR_COUNT_CLOSED_TIMEOUT] = {CLOSED, "timeout"},
    [AUR_COUNT_CLOSED_SIZE] = {CLOSED, "size"},
    [AUR_COUNT_CLOSED_TEXT] = {CLOSED, "text"},
    [AUR_COUNT_CLOSED_MEMORY] = {CLOSED, "memory"},
    [AUR_COUNT_CLOSED_SLOW] = {CLOSED, "slow"},
    [AUR_COUNT_CLOSED_ABUSE] = {CLOSED, "abuse"},
    [AUR_COUNT_CLOSED_PROTOCOL] = {CLOSED, "protocol"},
    [AUR_COUNT_MESSAGE_CONTROL] = {MESSAGE, "control"},
    [AUR_COUNT_MESSAGE_INVALID] = {MESSAGE, "invalid"},
    [AUR_COUNT_MESSAGE_RATE] = {MESSAGE, "rate"},
    [AUR_COUNT_HTTP_OK] = {HTTP, "ok"},
    [AUR_COUNT_HTTP_CLIENT_ERROR] = {HTTP, "4xx"},
    [AUR_COUNT_HTTP_SERVER_ERROR] = {HTTP, "5xx"},
    [AUR_COUNT_CUT_RATE] = {CUT, "rate"},
    [AUR_COUNT_CUT_ADDRESS] = {CUT, "address"},
    [AUR_COUNT_CUT_TOTAL] = {CUT, "total"},
    [AUR_COUNT_CUT_SIZE] = {CUT, "size"},
    [AUR_COUNT_CUT_ORIGIN] = {CUT, "origin"},
    [AUR_COUNT_CUT_TOKEN] = {CUT, "token"},
    [AUR_COUNT_CUT_PLAIN] = {CUT, "plain"},
    [AUR_COUNT_CUT_HEADERS] = {CUT, "headers"},
    [AUR_COUNT_CUT_BODY] = {CUT, "body"},
    [AUR_COUNT_CUT_READER] = {CUT, "reader"},
    [AUR_COUNT_DROPPED_DESCRIPTORS] = {DROPPED, "descriptors"},
    [AUR_COUNT_DROPPED_ADDRESS] = {DROPPED, "address"},
    [AUR_COUNT_DROPPED_TOTAL] = {DROPPED, "total"},
    [AUR_COUNT_DROPPED_WAITING] = {DROPPED, "waiting"},
    [AUR_COUNT_DROPPED_SILENT] = {DROPPED, "silent"},
    [AUR_COUNT_DROPPED_UNREADABLE] = {DROPPED, "unreadable"},
};
