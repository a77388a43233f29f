/** Open a namespace as a table. */

import * as vscode from 'vscode';
import { tableOf } from '../address';
import { type Contribution, type Parts, type Subject, target } from '../command';
import { VIEW_TYPE } from '../table/document';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Open Namespace',
    about: 'Open a namespace as a table, to filter, sort and edit its keys',
    icon: '$(table)',
    menus: {
        'view/item/context': [
            {
                when: 'view == kvlens.namespaces && viewItem =~ /^(namespace|unclaimed)/ && !listMultiSelection',
                group: 'inline@0',
            },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, t('Open Namespace'));
    await vscode.commands.executeCommand('vscode.openWith', tableOf(space), VIEW_TYPE);
}
