/** Copy the names of keys in the view, or of the value in the editor. */

import * as vscode from 'vscode';
import type { Contribution, Parts, Subject } from '../command';
import { activeValue, keysOf } from '../keys';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Copy Key',
    about: 'Copy the name of the open key',
    menus: {
        'webview/context': [
            { when: "webviewId == 'kvlens.table' && webviewSection == key", group: '3_copy@1' },
        ],
        commandPalette: [{ when: 'resourceScheme == kvlens' }],
        'view/item/context': [
            {
                when: 'view == kvlens.namespaces && viewItem =~ /^(key|folder)$/',
                group: '3_copy@1',
            },
        ],
    },
    needsTrust: false,
};

export async function run(parts: Parts, node?: Subject, selection?: unknown): Promise<void> {
    const active = node ?? activeValue();
    if (node?.kind === 'folder') {
        await vscode.env.clipboard.writeText(node.prefix);
    } else if (active) {
        const refs = await keysOf(parts, active, selection, t('Copy Key'));
        await vscode.env.clipboard.writeText(refs.map(({ key }) => key).join('\n'));
    }
}
