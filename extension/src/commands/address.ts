/** Copy the address of a project's emulator. */

import * as vscode from 'vscode';
import { type Contribution, type Parts, projectOf, type Subject } from '../command';
import { brief } from '../messages';
import { pickProject } from '../pickNamespace';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Copy Emulator Address',
    about: 'Copy the address for a Worker, a script or `curl`',
    menus: {
        'view/title': [
            { when: 'view == kvlens.namespaces && kvlens.view == ready', group: '1_emulator@1' },
        ],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == project', group: '2_emulator@1' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const one = projectOf(node) ?? (await pickProject(parts.model, t('Copy Emulator Address')));
    const { url } = await parts.server.ask('kvlens.address', { config: one.config });
    await vscode.env.clipboard.writeText(url);
    brief(t('Copied {0}', url));
}
