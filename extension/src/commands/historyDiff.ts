/** Compare the values before and after a change, or after two changes. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import { type HistoryChangeNode, type HistoryNode, timeOf } from '../history';
import { oneLine } from '../visible';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Compare Values',
    icon: '$(diff)',
    menus: {
        commandPalette: [{ when: 'false' }],
        'view/item/context': [
            { when: 'view == kvlens.history && viewItem =~ /^change/', group: '1_open@1' },
            {
                when: 'view == kvlens.history && viewItem =~ /^change/ && !listMultiSelection',
                group: 'inline@1',
            },
        ],
    },
};

export async function run(
    { history }: Parts,
    node: HistoryNode,
    selection?: HistoryNode[],
): Promise<void> {
    const [older, newer] = (selection ?? [])
        .filter((one): one is HistoryChangeNode => one.kind === 'change')
        .sort((one, other) => one.change.id - other.change.id);
    const after = { before: false };
    if (older && newer) {
        const title = `${nameOf(older)} ↔ ${nameOf(newer)}`;
        await history.values.compare({ ...older, ...after }, { ...newer, ...after }, title);
    } else if (node.kind === 'change') {
        const title = t('{0} (before ↔ after)', nameOf(node));
        await history.values.compare({ ...node, before: true }, { ...node, ...after }, title);
    }
}

function nameOf({ change }: HistoryChangeNode): string {
    return `${oneLine(change.key)} ${timeOf(change.time)}`;
}
