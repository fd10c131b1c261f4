/* SPDX-License-Identifier: MIT
 *
 * What provision and reissue say of what they did.
 */
#ifndef OTSD_HOOK_PROVISION_PRINT_H
#define OTSD_HOOK_PROVISION_PRINT_H

#include "commands/provision_request.h"
#include "handoff/issue.h"

/* On standard output, for people or as JSON. A failure says that the account is provisioned all the same. */
int provision_print(const provision_request *q, const issue *i, problem *p);

#endif
