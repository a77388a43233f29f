/** Write a value over the one that the editor has compared; if it has moved, where the user says. */

import * as vscode from 'vscode';
import { placeOf } from '../address';
import { bodyOf } from '../contents';
import { fault } from '../messages';
import { documentOf, follow } from '../openDocuments';
import { isModified, type Server, ServerDown } from '../server';
import { saveElsewhere, type Write } from './elsewhere';
import { comparedDigest } from './looks';
import type { Seen } from './seen';
import type { SeenValues } from './seenValues';
import { outdate } from './version';

/** What is known about a save. */
interface Save {
    /** Whether the user's settings requested it, not the user. */
    byItself?: boolean;
    /** Whether it's a "Save As…" of another document. */
    isCopy: boolean;
}

/** Writes the values of documents. */
export class Writer {
    constructor(
        private readonly server: Server,
        private readonly values: SeenValues,
    ) {}

    /** Write the bytes of a document's value. */
    async write(seen: Seen, bytes: Uint8Array, save: Save): Promise<void> {
        const { uri, gone } = seen;
        const place = placeOf(uri);
        const { config, id, key } = place;
        const write = { config, id, key, ...bodyOf(bytes) };
        if (gone && !documentOf(uri)) {
            await this.put(seen, { ...write, expected: '' }); // "Save As…" makes a new key
            return;
        }
        const problem = gone ? undefined : await this.replace(seen, write, save);
        if (!gone && !problem) {
            return;
        }
        const put = (to: Write): Promise<void> => this.put(seen, to);
        const why = { byItself: save.byItself, problem };
        const saved = await saveElsewhere(this.server, place, seen, bytes, put, why);
        const { store, declared } = saved;
        seen.lastOrigin = { store, declared };
        this.values.setOrigin(seen, seen.lastOrigin);
        seen.last = undefined;
        if (saved.uri.toString() !== uri.toString()) {
            followOnceSaved(uri, saved.uri);
        }
    }

    /** Set a new value for an existing key; return why that is impossible, except conflicts. */
    private async replace(seen: Seen, write: Write, { isCopy }: Save): Promise<unknown> {
        const isInDialog = isCopy && this.values.isInDialog(seen);
        this.values.leaveDialog();
        const expected = comparedDigest(seen, isInDialog);
        const { store, declared } = seen;
        const { binding, environment } = placeOf(seen.uri);
        const origin = { store, declared, name: { binding, environment } };
        try {
            await this.put(seen, { ...write, ...origin, keep: true, expected });
            return undefined;
        } catch (error) {
            if (error instanceof vscode.FileSystemError || error instanceof ServerDown) {
                throw error;
            }
            return error;
        }
    }

    private async put(seen: Seen, write: Write): Promise<void> {
        try {
            await this.server.ask('kvlens.put', write);
        } catch (error) {
            if (!isModified(error)) {
                throw error;
            }
            seen.written = undefined;
            if (seen.last) {
                outdate(seen.last);
            }
            throw fault(
                'Unavailable',
                vscode.l10n.t(
                    'Another program has just changed "{0}". Nothing was overwritten. ' +
                        'Save again to compare.',
                    write.key,
                ),
            );
        }
    }
}

/** Show a value where it was saved, once the editor knows about the save. */
function followOnceSaved(from: vscode.Uri, to: vscode.Uri): void {
    const id = from.toString();
    const saved = vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        if (uri.toString() === id) {
            saved.dispose();
            void follow(from, to);
        }
    });
}
