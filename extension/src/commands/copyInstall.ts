/** Copy the command that installs the Python package that a store lacks. */

import * as vscode from 'vscode';
import { type Contribution, type Parts, projectOf, type Subject } from '../command';
import { inform } from '../messages';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Copy Command',
    menus: { commandPalette: [{ when: 'false' }] },
    needsTrust: false,
};

export async function run({ server }: Parts, node?: Subject): Promise<void> {
    const project = projectOf(node);
    if (!project?.install) {
        return;
    }
    await vscode.env.clipboard.writeText(project.install);
    const restart = t('Restart Emulator');
    const text = t('Copied. Run it in a terminal, then restart the emulator: {0}', project.install);
    if ((await inform(text, restart)) === restart) {
        await server.ask('kvlens.restart', { config: project.config });
    }
}
