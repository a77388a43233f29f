/** Values that another program has changed while they were edited. */

import { decode } from '../contents';
import { documentOf } from '../openDocuments';
import type { Seen } from './seen';
import { shownBytes } from './shownText';

/** The versions of an edited value that another program has changed, as the editor shows them. */
export interface Conflict {
    base: string;
    theirs: string;
    mine: string;
    /** Of the stored value. */
    digest: string;
}

/** Return the versions of a value, if another program has changed it since it is edited. */
export function conflictOf(seen: Seen): Conflict | undefined {
    const { uri, last, shown, base, settled, gone } = seen;
    const document = documentOf(uri);
    if (!last || !base || !document?.isDirty || gone || last.form !== 'text') {
        return undefined;
    }
    if (last.digest === shown || last.digest === settled) {
        return undefined;
    }
    const theirs = decode(shownBytes(seen, last)) ?? '';
    return { base: base.text, theirs, mine: document.getText(), digest: last.digest };
}

/**
 * Note that the user sees the versions of a conflict: a save is the answer.
 *
 * But the first one isn't the user's: VS Code's merge editor saves its result when it opens.
 */
export function noteCompared(seen: Seen, { digest }: Conflict): void {
    seen.compared = { digest, saves: 0 };
}

/** Whether a save meets versions that the user hasn't seen; if they have, accept the save. */
export function meetsConflict(seen: Seen): boolean {
    const conflict = conflictOf(seen);
    if (conflict && seen.compared?.digest === conflict.digest) {
        seen.compared.saves += 1;
        seen.settled = seen.compared.saves > 1 ? conflict.digest : undefined;
        return false;
    }
    return conflict !== undefined;
}
