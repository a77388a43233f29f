/** Register the commands in `commands/`, and show their errors in one line. */

import * as vscode from 'vscode';
import { type Command, type Parts, requireTrust, type Subject } from './command';
import * as files from './commands';
import * as format from './format';
import { brief, fail, inform, warn } from './messages';
import { showMistakes } from './mistakes';
import * as prompts from './prompts';
import { detailsOf, type Server } from './server';

const { t } = vscode.l10n;

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
                const [first, ...others] = passed;
                const isConfig = first instanceof vscode.Uri && first.scheme === 'file';
                const subject = isConfig ? await atCursor(parts.server, first) : first;
                await command.run(parts, subject, ...others);
            } catch (error) {
                await showError(parts.server, id, error);
            }
        });
    });
    return vscode.Disposable.from(...registered);
}

/** Return the namespace that the cursor is in, for the menu of a config; undefined if in none. */
async function atCursor(server: Server, uri: vscode.Uri): Promise<Subject | undefined> {
    const editor = vscode.window.activeTextEditor;
    if (editor?.document.uri.toString() !== uri.toString()) {
        return undefined;
    }
    const { line, character } = editor.selection.active;
    const position = { line, character };
    const [found] = await server.ask('kvlens.atPosition', { uri: uri.toString(), position });
    return found;
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
        const manage = t('Manage Workspace Trust');
        if ((await warn(error.message, manage)) === manage) {
            await vscode.commands.executeCommand('workbench.trust.manage');
        }
        return;
    }
    const { mistakes } = detailsOf(error);
    if (mistakes) {
        await showMistakes(mistakes);
        return;
    }
    const text = format.reason(error);
    server.log.error(`${id}: ${text}`);
    if (/cancell?ed/i.test(text)) {
        brief(t('KV Lens: canceled'));
        return;
    }
    const showLog = t('Show Log');
    if ((await fail(text, showLog)) === showLog) {
        server.log.show();
    }
}
