/** Restore a key as it was before a change. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import type { HistoryChangeNode } from '../history';
import { restoreChange } from '../historyRestore';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Restore Value Before…',
    menus: {
        commandPalette: [{ when: 'false' }],
        'view/item/context': [
            {
                when: 'view == kvlens.history && viewItem =~ /^change/ && !listMultiSelection',
                group: '2_restore@1',
            },
        ],
    },
};

export async function run(parts: Parts, node: HistoryChangeNode): Promise<void> {
    const { config, change } = node;
    await restoreChange(parts, t('Restore {0} as it was before this change?', change.key), {
        config,
        change: change.id,
        extent: 'key',
    });
}
