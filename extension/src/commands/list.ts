/** Search the keys of a namespace by prefix, and open one. */

import * as vscode from 'vscode';
import { type Contribution, type Parts, type Subject, target } from '../command';
import { open } from '../openValue';
import { pickKey } from '../pickKey';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'List Keys…',
    about: 'Search the keys of a namespace by prefix',
    menus: {
        'kvlens.namespace': [{ group: '1_keys@1' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == namespace', group: '1_keys@2' },
            { when: 'view == kvlens.namespaces && viewItem == unclaimed', group: '1_keys@2' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, t('List Keys'));
    await open(parts, space, await pickKey(parts.server, space, t('List Keys')));
}
