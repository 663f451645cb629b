/* What all connections by libcurl have in common. Only where the build has it. */
#ifndef GAZE_FUSION_CONNECTION_H
#define GAZE_FUSION_CONNECTION_H

#include "core/base/error.h"

#include <curl/curl.h>

/* HTTP and HTTPS alone, no redirects, no signals; ends when stop (borrowed, NULL: never) is raised. stall: seconds
 * without a byte, after which it gives up. subject: for messages. *out is yours: curl_easy_cleanup(). */
GAZE_CHECKED gaze_err gaze_connection_new(const char *subject, const volatile int *stop, double stall, CURL **out);
/* Sleeps. False: stop was raised. */
bool gaze_connection_wait(double seconds, const volatile int *stop);
/* Adds "Authorization: Bearer TOKEN" to the headers of the next request; the list is yours: curl_slist_free_all(). */
GAZE_CHECKED gaze_err gaze_connection_bear(const char *token, struct curl_slist **list);

#endif
