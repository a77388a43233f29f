/** The editor's checks of a file: which of them it has compared before it saves. */

import type { Seen } from './seen';

/** Milliseconds: an older check of the file wasn't for this write. */
export const SETTLED = 400;

/** Note what the editor got from a check. */
export function noteLook(seen: Seen, digest: string): void {
    if (seen.looks.at(-1)?.digest !== digest) {
        seen.looks = [...seen.looks.slice(-1), { digest, since: Date.now() }];
    }
}

/**
 * Return the digest of the value that the editor has compared, and may overwrite.
 *
 * The editor has compared what it got from its check. A later check, just before this write, was
 * somebody else's, unless the editor has read that value by now. "Save As…" asks about what it got
 * when it listed the keys, and reads the value after that.
 */
export function comparedDigest(seen: Seen, isInDialog: boolean): string | undefined {
    const newest = seen.looks.at(-1);
    const fresh = newest?.digest !== seen.shown && Date.now() < (newest?.since ?? 0) + SETTLED;
    return seen.settled ?? ((fresh || isInDialog) && seen.looks.at(-2) || newest)?.digest;
}
