/** Copy a key to another name in its namespace. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import { activeValue, type KeySubject, keyOf } from '../keys';
import { duplicateKey } from '../renameKey';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Duplicate Key…',
    about: 'Copy a key to another name, with its metadata and expiration',
    menus: {
        'editor/title': [{ when: 'resourceScheme == kvlens', group: '1_key@2' }],
        'view/item/context': [
            {
                when: 'view == kvlens.namespaces && viewItem == key && !listMultiSelection',
                group: '2_edit@2',
            },
        ],
    },
};

export async function run(parts: Parts, subject?: KeySubject): Promise<void> {
    await duplicateKey(parts, await keyOf(parts, subject ?? activeValue(), t('Duplicate Key')));
}
