/* SPDX-License-Identifier: MIT
 *
 * The list of receipts, taken apart while it arrives: in whatever pieces it comes, its elements are the same.
 *
 *   CUTS          letters and digits: how long the pieces are, in turn
 *   listed        or listed2: the list is the member "records" of an object
 *   [{...}, ...
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "fuzz.h"
#include "receipts.h"

typedef struct run {
    array_verdict verdict; /* the last one */
    size_t elements;
    bool complete;
    bool good;        /* all elements are JSON */
    unsigned deepest; /* of the elements */
    wiped all;        /* the elements, each with a newline behind it */
} run;

static unsigned deeper(unsigned a, unsigned b) {
    return a > b ? a : b;
}

static unsigned depth_of(struct json_object *json) {
    unsigned deepest = 0;

    switch (json_object_get_type(json)) {
    case json_type_array:
        for (size_t i = 0; i < json_object_array_length(json); i++)
            deepest = deeper(deepest, depth_of(json_object_array_get_idx(json, i)));
        return deepest + 1;
    case json_type_object: {
        json_object_object_foreach(json, key, member) {
            (void)key;
            deepest = deeper(deepest, depth_of(member));
        }
        return deepest + 1;
    }
    default:
        return 0;
    }
}

static void take_element(run *r, const wiped *element, bool is_v2) {
    receipt_kind kind = is_v2 ? RECEIPT_LISTED_V2 : RECEIPT_LISTED;
    struct json_object *json = read_good(element->data, element->len);
    otsd_receipt *t = NULL;

    HOLDS(element->len >= 2 && element->len <= (size_t)64 << 10 && element->data[0] == '{');
    r->elements++;
    r->good = r->good && json;
    r->deepest = deeper(r->deepest, depth_of(json));
    if (json && receipt_from_json(json, kind, &t, NULL) == OTSD_OK) {
        receipt_holds(t, kind);
        receipt_comes_back(t, kind);
    }
    otsd_receipt_free(&t);
    json_wipe(json);
    HOLDS(wiped_append(&r->all, element->data, element->len) && wiped_append(&r->all, "\n", 1));
}

/* cuts: "" for one piece. */
static run feed(piece text, const char *cuts, bool is_v2) {
    array a = {.member = is_v2 ? "records" : NULL};
    run r = {.verdict = ARRAY_MORE, .good = true};
    size_t turn = 0;

    while (text.len > 0 && (r.verdict == ARRAY_MORE || r.verdict == ARRAY_ELEMENT)) {
        unsigned char cut = (unsigned char)cuts[turn];
        size_t n = cut == '\0' ? text.len : isdigit(cut) ? (size_t)cut - '0' : (size_t)(cut & 31U) * 16;
        char *data;
        const char *at;
        size_t left;

        turn = cut && cuts[turn + 1] ? turn + 1 : 0;
        n = n < 1 ? 1 : n < text.len ? n : text.len;
        left = n;
        at = data = malloc(n);
        HOLDS(data);
        memcpy(data, text.text, n);
        do {
            r.verdict = array_feed(&a, &at, &left);
            if (r.verdict == ARRAY_ELEMENT)
                take_element(&r, &a.element, is_v2);
        } while (r.verdict == ARRAY_ELEMENT);
        HOLDS(r.verdict != ARRAY_NO_MEMORY && (r.verdict != ARRAY_MORE || left == 0));
        free(data);
        text.text += n;
        text.len -= n;
    }
    r.complete = r.verdict == ARRAY_MORE && array_complete(&a);
    array_free(&a);
    return r;
}

/* The same elements as the parser of whole texts finds. */
static void compare(piece text, const run *r, bool is_v2) {
    struct json_object *json = read_good(text.text, text.len), *list = json;
    bool all_objects = true;

    if (is_v2 && (!json || !json_object_object_get_ex(json, "records", &list)))
        list = NULL;
    if (!is_v2 && r->complete && r->good && r->deepest < JSON_DEPTH_MAX && text.len < ((size_t)64 << 10))
        HOLDS(json);
    if (list && json_object_is_type(list, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(list); i++)
            all_objects = all_objects && json_object_is_type(json_object_array_get_idx(list, i), json_type_object);
        if (all_objects && text.len < ((size_t)64 << 10))
            HOLDS(r->complete && r->good && r->elements == json_object_array_length(list));
        else if (!all_objects)
            HOLDS(!r->complete);
    } else if (json && (!is_v2 || json_object_is_type(json, json_type_object))) {
        HOLDS(!r->complete);
    }
    json_wipe(json);
}

__attribute__((constructor)) static void begin(void) {
    otsd_memory_lock(OTSD_LOCK_TRY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    piece rest = {(const char *)data, len};
    char *cuts = piece_string(piece_line(&rest));
    piece kind = piece_line(&rest);
    bool is_v2 = kind.len == 7;
    run whole = feed(rest, "", is_v2), cut = feed(rest, cuts, is_v2);

    HOLDS(whole.verdict == cut.verdict && whole.complete == cut.complete && whole.elements == cut.elements);
    HOLDS(whole.all.len == cut.all.len && (cut.all.len == 0 || memcmp(whole.all.data, cut.all.data, cut.all.len) == 0));
    compare(rest, &whole, is_v2);
    wiped_free(&whole.all);
    wiped_free(&cut.all);
    free(cuts);
    return 0;
}
