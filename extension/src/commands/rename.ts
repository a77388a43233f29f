/** Rename a key: that of a row, or that of the open value. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import { activeValue, type KeySubject, keyOf } from '../keys';
import { renameKey } from '../renameKey';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Rename Key…',
    about: 'Rename a key, with its metadata and expiration; asks before it replaces another key',
    menus: {
        'editor/title': [{ when: 'resourceScheme == kvlens', group: '1_key@1' }],
        'view/item/context': [
            {
                when: 'view == kvlens.namespaces && viewItem == key && !listMultiSelection',
                group: '2_edit@1',
            },
        ],
    },
    keybinding: { key: 'f2', when: 'resourceScheme == kvlens && editorTextFocus' },
};

export async function run(parts: Parts, subject?: KeySubject): Promise<void> {
    await renameKey(parts, await keyOf(parts, subject ?? activeValue(), t('Rename Key')));
}
