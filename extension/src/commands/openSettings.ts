/** Open the settings of KV Lens. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';

export const contribution: Contribution = {
    title: 'Open Settings',
    about: 'Open the settings of KV Lens',
    needsTrust: false,
};

export async function run(_: Parts, setting?: unknown): Promise<void> {
    const query = typeof setting === 'string' ? setting : '@ext:kvlens.kvlens';
    await vscode.commands.executeCommand('workbench.action.openSettings', query);
}
