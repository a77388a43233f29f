/** Show the changes of one key in the history. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import { activeValue, type KeySubject, keyOf } from '../keys';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'History of This Key',
    about: 'Show only the changes of the open key',
    menus: {
        'webview/context': [
            { when: "webviewId == 'kvlens.table' && webviewSection == key", group: '5_history@1' },
        ],
        commandPalette: [{ when: 'resourceScheme == kvlens' }],
        'view/item/context': [
            {
                when: 'view == kvlens.namespaces && viewItem == key && !listMultiSelection',
                group: '5_history@1',
            },
        ],
    },
    needsTrust: false,
};

export async function run(parts: Parts, subject?: KeySubject): Promise<void> {
    const { space, key } = await keyOf(parts, subject ?? activeValue(), t('History of This Key'));
    const { history } = parts;
    history.namespaces.set(space.id, space.binding);
    await history.show({ key, id: space.id });
    await history.focus();
}
