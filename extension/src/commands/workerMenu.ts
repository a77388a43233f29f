/** The menu of the Worker in the status bar. */

import * as vscode from 'vscode';
import { choose } from '../actions';
import type { Contribution } from '../command';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Worker Menu',
    menus: { commandPalette: [{ when: 'false' }] },
    needsTrust: false,
};

export async function run(): Promise<void> {
    await choose(t('Worker'), [
        { label: `$(link-external) ${t('Open in browser')}`, command: 'kvlens.browse' },
        { label: `$(output) ${t('Show output')}`, command: 'kvlens.showOutput' },
        { label: `$(debug-restart) ${t('Restart')}`, command: 'kvlens.run' },
        { label: `$(debug-stop) ${t('Stop')}`, command: 'kvlens.stop' },
    ]);
}
