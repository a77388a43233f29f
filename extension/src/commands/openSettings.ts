/** Open the settings of KV Lens. */

import * as vscode from 'vscode';
import type { Contribution } from '../command';

export const contribution: Contribution = {
    title: 'Open Settings',
    about: 'Open the settings of KV Lens',
    needsTrust: false,
};

export async function run(): Promise<void> {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'kvlens.interpreter');
}
