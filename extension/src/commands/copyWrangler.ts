/** Copy a wrangler command that reads a key. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import { activeValue, type KeySubject, keysOf } from '../keys';
import { copyWrangler } from '../copies';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Copy as wrangler',
    about: 'Copy a `wrangler kv key get` command for the open key',
    menus: {
        'webview/context': [
            { when: "webviewId == 'kvlens.table' && webviewSection == key", group: '3_copy@4' },
        ],
        commandPalette: [{ when: 'resourceScheme == kvlens' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == key', group: '3_copy@4' },
        ],
    },
};

export async function run(parts: Parts, subject?: KeySubject, selection?: unknown): Promise<void> {
    const refs = await keysOf(parts, subject ?? activeValue(), selection, t('Copy as wrangler'));
    await copyWrangler(parts, refs);
}
