/** Show only the keys of a namespace that begin with a prefix. */

import * as vscode from 'vscode';
import { nameOf } from '../address';
import type { Contribution, Parts, Subject } from '../command';
import { input } from '../messages';
import { namespaceOf } from '../tree/nodes';

export const contribution: Contribution = {
    title: 'Filter by Prefix…',
    icon: '$(filter)',
    menus: {
        commandPalette: [{ when: 'false' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == namespace', group: 'inline@3' },
            {
                when: 'view == kvlens.namespaces && viewItem =~ /^(namespace|unclaimed)$/',
                group: '1_keys@3',
            },
        ],
    },
};

export async function run({ tree }: Parts, node?: Subject): Promise<void> {
    const space = namespaceOf(node?.kind === 'namespace' ? node : undefined);
    if (!space || node?.kind !== 'namespace') {
        return;
    }
    const { t } = vscode.l10n;
    const prefix = await input({
        title: t('Filter {0}', nameOf(space)),
        value: tree.filterOf(node),
        prompt: t('Show only keys that begin with this; empty for all'),
        placeHolder: 'user:',
        ignoreFocusOut: true,
    });
    if (prefix !== undefined) {
        tree.filter(node, prefix);
    }
}
