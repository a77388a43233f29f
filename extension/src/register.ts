/** Register the commands in `commands/`, and show their errors in one line. */

import * as vscode from 'vscode';
import { type Command, type Parts, requireTrust } from './command';
import * as files from './commands';
import * as format from './format';
import { brief, fail, inform, warn } from './messages';
import * as prompts from './prompts';
import type { Server } from './server';

const COMMANDS: Record<string, Command> = files;

/** Register every command. */
export function registerCommands(parts: Parts): vscode.Disposable {
    const registered = Object.entries(COMMANDS).map(([name, command]) => {
        const id = `kvlens.${name}`;
        return vscode.commands.registerCommand(id, async (...passed: unknown[]) => {
            try {
                if (command.contribution.needsTrust !== false) {
                    requireTrust();
                }
                await command.run(parts, ...passed);
            } catch (error) {
                await showError(parts.server, id, error);
            }
        });
    });
    return vscode.Disposable.from(...registered);
}

async function showError(server: Server, id: string, error: unknown): Promise<void> {
    if (error instanceof prompts.Dismissed) {
        return;
    }
    if (error instanceof prompts.NothingThere) {
        void inform(error.message);
        return;
    }
    if (error instanceof prompts.NotTrusted) {
        const manage = 'Manage Workspace Trust';
        if ((await warn(error.message, manage)) === manage) {
            await vscode.commands.executeCommand('workbench.trust.manage');
        }
        return;
    }
    const text = format.reason(error);
    server.log.error(`${id}: ${text}`);
    if (/cancell?ed/i.test(text)) {
        brief('KV Lens: canceled');
        return;
    }
    const showLog = 'Show Log';
    if ((await fail(`KV Lens: ${text}`, showLog)) === showLog) {
        server.log.show();
    }
}
