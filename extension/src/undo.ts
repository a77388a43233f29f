/** Offer to undo what a command has done. */

import * as vscode from 'vscode';
import * as format from './format';
import { inform, warn } from './messages';
import type { Restoring } from './protocol';
import type { Server } from './server';

const { t } = vscode.l10n;

/** What a command has done, as its answer says; without an action, it can't be undone. */
export interface Done {
    config: string;
    action?: string;
}

/** Whether changes are recorded, so that they can be undone. */
export function hasHistory(): boolean {
    return vscode.workspace.getConfiguration('kvlens').get('history.size') !== 0;
}

/** Return why a change that takes more than the history's size can't be undone. */
export function whyTooLarge(size: number): string {
    return t(
        "It can't be undone: it takes more than the {0} that the history has (kvlens.history.size).",
        format.size(size),
    );
}

/** Say what was done, with a button that undoes exactly that. */
export async function offerUndo(server: Server, text: string, all: Done[]): Promise<void> {
    const can = all.every(({ action }) => action) && all.length > 0;
    const undos = [...all].reverse().map(({ config, action = '' }) => () =>
        server.ask('kvlens.historyUndo', { config, action }));
    await offerUndoBy(text, can ? undos : [], can ? await whyNot(server, all) : undefined);
}

/** Say what was done, with a button that calls functions; without them, it can't be undone. */
export async function offerUndoBy(
    text: string,
    undos: (() => Promise<Restoring>)[],
    why?: string,
): Promise<void> {
    const undone = t('Undo');
    const settings = t('Open Settings');
    const said = why ? `${text} ${why}` : text;
    const chosen = await inform(said, ...(why ? [settings] : undos.length ? [undone] : []));
    if (chosen === settings) {
        await vscode.commands.executeCommand('workbench.action.openSettings', 'kvlens.history.size');
    }
    if (chosen !== undone) {
        return;
    }
    for (const undo of undos) {
        try {
            sayRestored(await undo());
        } catch (error) {
            void warn(format.reason(error));
        }
    }
}

/** Return why something can't be undone; undefined if it can. */
async function whyNot(server: Server, all: Done[]): Promise<string | undefined> {
    for (const { config, action = '' } of all) {
        try {
            const found = await server.ask('kvlens.historyAction', { config, action });
            if (found.leftOut) {
                return whyTooLarge(found.mostSize);
            }
        } catch {
            // Undo itself says what is wrong
        }
    }
    return undefined;
}

/** Say what a restore has done, and which keys it has left; `undo` undoes it. */
export function sayRestored(done: Restoring, undo?: () => Promise<Restoring>): void {
    const { written, deleted, changed, changedCount, damaged, expired, unknown } = done;
    const parts = [
        written ? t('restored {0}', format.count(written, 'key')) : '',
        deleted ? t('deleted {0}', format.count(deleted, 'key')) : '',
        damaged.length ? t("left out {0} that can't be read", format.count(damaged.length, 'key')) : '',
        expired ? t('left out {0} that expired since', format.count(expired, 'key')) : '',
        unknown ? t('left out {0} whose earlier value is not known', format.count(unknown, 'key')) : '',
    ].filter(Boolean);
    const said = parts.length ? parts.join(', ') : t('nothing had to be changed');
    const text = `${said[0].toUpperCase()}${said.slice(1)}.`;
    if (!changedCount) {
        void (undo ? offerUndoBy(text, [undo]) : inform(text));
        return;
    }
    const keys = format.some(changed, 5, changedCount);
    void warn(`${text} ${t('Kept {0}: changed since.', keys)}`);
}
