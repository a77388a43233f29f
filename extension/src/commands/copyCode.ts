/** Copy the call that reads a key in a Worker. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import { activeValue, type KeySubject, keysOf } from '../keys';
import { copyCode } from '../copies';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Copy as Code',
    about: 'Copy the call that reads the open key in a Worker',
    menus: {
        'webview/context': [
            { when: "webviewId == 'kvlens.table' && webviewSection == key", group: '3_copy@5' },
        ],
        commandPalette: [{ when: 'resourceScheme == kvlens' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == key', group: '3_copy@5' },
        ],
    },
};

export async function run(parts: Parts, subject?: KeySubject, selection?: unknown): Promise<void> {
    const refs = await keysOf(parts, subject ?? activeValue(), selection, t('Copy as Code'));
    await copyCode(parts, refs);
}
