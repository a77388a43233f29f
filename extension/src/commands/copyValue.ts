/** Copy the values of keys as text. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import { activeValue, type KeySubject, keysOf } from '../keys';
import { copyValues } from '../copies';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Copy Value',
    about: 'Copy the value of the open key',
    menus: {
        'webview/context': [
            { when: "webviewId == 'kvlens.table' && webviewSection == key", group: '3_copy@2' },
        ],
        commandPalette: [{ when: 'resourceScheme == kvlens' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == key', group: '3_copy@2' },
        ],
    },
};

export async function run(parts: Parts, subject?: KeySubject, selection?: unknown): Promise<void> {
    const refs = await keysOf(parts, subject ?? activeValue(), selection, t('Copy Value'));
    await copyValues(parts, refs);
}
