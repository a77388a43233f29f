/** Restart a project's emulator, or the language server if it isn't running. */

import * as vscode from 'vscode';
import { type Contribution, type Parts, projectOf, requireTrust, type Subject } from '../command';
import { brief } from '../messages';
import { pickProject } from '../pickNamespace';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Restart Emulator',
    about: 'Stop the emulator and start it again',
    icon: '$(debug-restart)',
    menus: {
        'view/title': [{ when: 'view == kvlens.namespaces', group: '1_emulator@2' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == project', group: '2_emulator@2' },
        ],
    },
    needsTrust: false,
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    if (parts.server.state !== 'running') {
        await parts.server.restart();
        return;
    }
    requireTrust();
    const one = projectOf(node) ?? (await pickProject(parts.model, t('Restart Emulator')));
    const { url } = await parts.server.ask('kvlens.restart', { config: one.config });
    brief(t('KV emulator restarted at {0}', url));
}
