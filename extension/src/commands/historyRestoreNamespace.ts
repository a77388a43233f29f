/** Restore a namespace as it was before a change. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import type { HistoryChangeNode } from '../history';
import { restoreChange } from '../historyRestore';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Restore Namespace to Before This…',
    menus: {
        commandPalette: [{ when: 'false' }],
        'view/item/context': [
            {
                when: 'view == kvlens.history && viewItem =~ /^change/ && !listMultiSelection',
                group: '2_restore@3',
            },
        ],
    },
};

export async function run(parts: Parts, node: HistoryChangeNode): Promise<void> {
    const { config, change } = node;
    await restoreChange(parts, t('Restore {0} to before this change?', change.binding ?? change.namespace), {
        config,
        change: change.id,
        extent: 'namespace',
    });
}
