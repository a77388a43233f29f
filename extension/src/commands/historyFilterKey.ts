/** Show only the changes of one key in the history. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import type { HistoryNode } from '../history';
import { input } from '../messages';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Filter Changes by Key…',
    about: 'Show only the changes of one key',
    icon: '$(filter)',
    menus: {
        'view/title': [{ when: 'view == kvlens.history', group: 'navigation@1' }],
        'view/item/context': [
            { when: 'view == kvlens.history && viewItem =~ /^change/', group: '3_filter@1' },
        ],
    },
};

export async function run({ history }: Parts, node?: HistoryNode): Promise<void> {
    const named = node?.kind === 'change' ? node.change.key : undefined;
    const key =
        named ??
        (await input({
            title: t('Filter Changes by Key'),
            prompt: t('The whole name of the key. Leave it empty to show all keys.'),
            value: history.filter.key,
        }));
    if (key !== undefined) {
        await history.show({ ...history.filter, key: key || undefined });
    }
}
