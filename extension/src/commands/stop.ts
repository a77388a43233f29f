/** Stop a project's Worker. */

import * as vscode from 'vscode';
import { type Contribution, type Parts, projectOf, type Subject } from '../command';
import { brief } from '../messages';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Stop Worker',
    about: 'Stop the Worker',
    icon: '$(debug-stop)',
    enablement: 'kvlens.worker',
    menus: {
        'view/title': [
            { when: 'view == kvlens.namespaces && kvlens.worker', group: 'navigation@3' },
        ],
    },
    needsTrust: false,
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const config = await parts.workers.pick(projectOf(node)?.config, t('Stop Worker'));
    await parts.server.ask('kvlens.stop', { config });
    brief(t('The Worker has stopped'));
}
