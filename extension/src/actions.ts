/** A menu of commands. */

import * as vscode from 'vscode';

/** An entry, with the command that it runs. */
export interface Action extends vscode.QuickPickItem {
    command: string;
}

/** Show a menu, and run the command that the user chooses. */
export async function choose(title: string, actions: Action[]): Promise<void> {
    const chosen = await vscode.window.showQuickPick(actions, { title });
    if (chosen) {
        await vscode.commands.executeCommand(chosen.command);
    }
}
