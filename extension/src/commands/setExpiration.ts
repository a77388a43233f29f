/** Set when keys expire: those of rows, or that of the open value. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import { setExpiration } from '../expiration';
import { activeValue, type KeySubject, keysOf } from '../keys';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Set Expiration…',
    about: 'Set when a key expires: in 1 minute, 1 hour or 1 day, at a time, or never',
    icon: '$(watch)',
    menus: {
        'editor/title': [{ when: 'resourceScheme == kvlens', group: 'navigation@1' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == key', group: '2_edit@3' },
        ],
    },
};

export async function run(parts: Parts, subject?: KeySubject, selection?: unknown): Promise<void> {
    const refs = await keysOf(parts, subject ?? activeValue(), selection, t('Set Expiration'));
    await setExpiration(parts, refs);
}
