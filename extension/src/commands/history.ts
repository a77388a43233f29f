/** Show what has changed. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import { VIEW } from '../history';

export const contribution: Contribution = {
    title: 'History',
    about: 'Show what has changed: who wrote which keys, with the values before and after',
    icon: '$(history)',
    needsTrust: false,
};

export async function run(_: Parts): Promise<void> {
    await vscode.commands.executeCommand(`${VIEW}.focus`);
}
