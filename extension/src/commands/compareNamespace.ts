/** Compare a namespace with another one, a snapshot or another store. */

import * as vscode from 'vscode';
import { type Contribution, type Parts, type Subject, target } from '../command';
import { askOther } from '../compare/other';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Compare Namespace…',
    about: 'Compare a namespace with another environment, namespace, snapshot, store or file',
    icon: '$(diff)',
    menus: {
        'view/item/context': [
            {
                when: 'view == kvlens.namespaces && viewItem =~ /^(namespace|unclaimed)/ && !listMultiSelection',
                group: '2_compare@1',
            },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, t('Compare Namespace'));
    await parts.comparisons.open(space, await askOther(parts.server, parts.model, space));
}
