/** Open the details of a key in a tab: its value in each form, its metadata and its expiration. */

import * as vscode from 'vscode';
import { tableOf } from '../address';
import type { Contribution, Parts, Subject } from '../command';
import { keyOf } from '../keys';
import { VIEW_TYPE } from '../table/document';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Open Details',
    about: "Open a key's value in each form, its metadata and its expiration, to see and edit them",
    menus: {
        'webview/context': [
            { when: "webviewId == 'kvlens.table' && webviewSection == key", group: '1_open@2' },
        ],
        'view/item/context': [
            {
                when: 'view == kvlens.namespaces && viewItem == key && !listMultiSelection',
                group: '1_open@2',
            },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const { space, key } = await keyOf(parts, node, t('Open Details'));
    await vscode.commands.executeCommand('vscode.openWith', tableOf(space, key), VIEW_TYPE);
}
