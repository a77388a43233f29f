/** Copy keys as items of a seed file. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import { activeValue, type KeySubject, keysOf } from '../keys';
import { copySeed } from '../copies';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Copy as Seed Entry',
    about: 'Copy the open key as an item of a seed file',
    menus: {
        'webview/context': [
            { when: "webviewId == 'kvlens.table' && webviewSection == key", group: '3_copy@6' },
        ],
        commandPalette: [{ when: 'resourceScheme == kvlens' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == key', group: '3_copy@6' },
        ],
    },
};

export async function run(parts: Parts, subject?: KeySubject, selection?: unknown): Promise<void> {
    const refs = await keysOf(parts, subject ?? activeValue(), selection, t('Copy as Seed Entry'));
    await copySeed(parts, refs);
}
