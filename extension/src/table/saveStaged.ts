/** Save the changes of a table: all of them, or none. */

import * as vscode from 'vscode';
import * as format from '../format';
import { dialog } from '../messages';
import type { NamespaceRef } from '../model';
import type { Server } from '../server';
import { EDITED, readContents, storedOf } from './contents';
import type { Staged } from './staged';

const NAMED = 5; // keys in a question

/** The changes of a table, and where they are saved. */
interface Changes {
    server: Server;
    namespace: NamespaceRef;
    staged: Staged;
    /** Show that rows no longer have changes. */
    drop(ids: string[]): void;
}

/**
 * Write all changes, or none. If the store goes away in the middle, and can't take back what it
 * has written, the error says how many changes are saved; the others stay.
 *
 * @throws CancellationError if keys have changed and the user doesn't overwrite them
 */
export async function saveStaged(
    changes: Changes,
    where: string,
    compare: () => Thenable<unknown>,
): Promise<void> {
    const { server, namespace, staged, drop } = changes;
    if (staged.hasName('', '')) {
        throw new Error(vscode.l10n.t('A new row has no key yet. Nothing was saved.'));
    }
    const all = staged.count;
    while (staged.count) {
        const lost = staged.lost();
        if (lost.length) {
            throw new Error(
                vscode.l10n.t(
                    'Nothing was saved: {0} is gone, and values over 1 MiB aren\'t kept here. Restore it in the History, and take the row back.',
                    format.some(lost),
                ),
            );
        }
        const edits = staged.edits();
        let conflicts: string[];
        try {
            ({ conflicts } = await server.ask('kvlens.apply', { ...namespace, edits }));
        } catch (error) {
            const saved = await settle(changes).catch(() => 0); // it may still be away
            if (saved && !staged.count) {
                return; // only the answer was lost
            }
            if (!saved && error instanceof vscode.CancellationError) {
                throw error;
            }
            throw saved ? partly(saved, all, error) : new Error(format.reason(error));
        }
        if (!conflicts.length) {
            const versions = await readContents(server, namespace, staged.keys(), 0);
            drop(staged.saved(new Map(versions.map(({ key, version }) => [key, version]))));
            return;
        }
        // a save that failed may have written some of them
        if (!(await settle(changes))) {
            await resolve(changes, conflicts, where, compare);
        }
    }
}

/** Drop the changes that are in the store already; return their number. */
async function settle({ server, namespace, staged, drop }: Changes): Promise<number> {
    const found = await readContents(server, namespace, staged.keys(), EDITED);
    const ids = staged.settle(new Map(found.map((one) => [one.key, storedOf(one)])));
    drop(ids);
    return ids.length;
}

/** Ask what to do about keys that something else has changed. */
async function resolve(
    { server, namespace, staged }: Changes,
    conflicts: string[],
    where: string,
    compare: () => Thenable<unknown>,
): Promise<void> {
    const overwrite = vscode.l10n.t('Overwrite');
    const show = vscode.l10n.t('Compare');
    const names = conflicts.slice(0, NAMED).map((key) => `"${key}"`);
    const more = conflicts.length - names.length;
    const answer = await dialog(
        vscode.l10n.t('Something else has changed these keys. Nothing was saved.'),
        [...names, ...(more ? [vscode.l10n.t('and {0} more', more)] : []), where],
        show,
        overwrite,
    );
    if (answer === overwrite) {
        staged.overwrite(await readContents(server, namespace, conflicts, EDITED));
        return;
    }
    if (answer === show) {
        await compare();
    }
    throw new vscode.CancellationError();
}

function partly(saved: number, all: number, error: unknown): Error {
    return new Error(
        vscode.l10n.t(
            'Of {0} changes, {1} were saved; the others are kept here. {2}',
            all.toLocaleString('en'),
            saved.toLocaleString('en'),
            format.reason(error),
        ),
    );
}
