/** Undo an action of the history. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import type { HistoryActionNode, HistoryChangeNode } from '../history';
import { restore } from '../historyRestore';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Undo This Action…',
    icon: '$(discard)',
    menus: {
        commandPalette: [{ when: 'false' }],
        'view/item/context': [
            { when: 'view == kvlens.history && viewItem == action', group: 'inline@1' },
            { when: 'view == kvlens.history && viewItem == changeAlone', group: 'inline@2' },
            { when: 'view == kvlens.history && viewItem == action', group: '2_restore@0' },
            { when: 'view == kvlens.history && viewItem == changeAlone', group: '2_restore@0' },
        ],
    },
};

export async function run(
    parts: Parts,
    { config, action }: HistoryActionNode | HistoryChangeNode,
): Promise<void> {
    const name = action.title || action.writer;
    await restore(parts, { question: t('Undo "{0}"?', name), button: t('Undo'), config }, (how) =>
        parts.server.ask('kvlens.historyUndo', { config, action: String(action.id), ...how }),
    );
}
