/** Open a running Worker in the browser. */

import * as vscode from 'vscode';
import { type Contribution, type Parts, projectOf, type Subject } from '../command';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Open Worker in Browser',
    about: "Open the running Worker's address",
    icon: '$(link-external)',
    enablement: 'kvlens.worker',
    menus: {
        'view/title': [
            { when: 'view == kvlens.namespaces && kvlens.worker', group: '0_worker@1' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const config = await parts.workers.pick(projectOf(node)?.config, t('Open Worker in Browser'));
    await vscode.env.openExternal(vscode.Uri.parse(parts.workers.urlOf(config)));
}
