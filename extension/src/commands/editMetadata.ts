/** Edit the metadata of a key: that of a row, or that of the open value. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import { activeValue, type KeySubject, keyOf } from '../keys';
import { editMetadata } from '../metadata';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Edit Metadata…',
    about: 'Edit the metadata of a key as JSON; its value and expiration stay',
    icon: '$(tag)',
    menus: {
        'editor/title': [{ when: 'resourceScheme == kvlens', group: 'navigation@2' }],
        'view/item/context': [
            {
                when: 'view == kvlens.namespaces && viewItem == key && !listMultiSelection',
                group: '2_edit@4',
            },
        ],
    },
};

export async function run(parts: Parts, subject?: KeySubject): Promise<void> {
    await editMetadata(parts, await keyOf(parts, subject ?? activeValue(), t('Edit Metadata')));
}
