/** Run from a checkout (F5): use its server instead of the bundled one, open to a debugger. */

import * as path from 'node:path';
import * as vscode from 'vscode';

/** A program and its arguments. */
export interface CommandLine {
    command: string;
    args: string[];
}

/**
 * Return the command for the checkout's server; undefined in an installed extension.
 *
 * With KVLENS_DEBUGPY=PORT a debugger can attach to 127.0.0.1:PORT at any time.
 */
export function developmentServer(context: vscode.ExtensionContext): CommandLine | undefined {
    if (context.extensionMode !== vscode.ExtensionMode.Development) {
        return undefined;
    }
    const root = path.dirname(context.extensionPath);
    const python = process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python';
    const port = process.env.KVLENS_DEBUGPY;
    const debugged = ['-X', 'frozen_modules=off', '-m', 'debugpy', '--listen', `127.0.0.1:${port}`];
    const main = path.join(root, 'server', 'kvlens', '__main__.py');
    return {
        command: path.join(root, '.venv', python),
        args: ['-I', '-X', 'utf8', ...(port ? debugged : []), main, 'lsp'],
    };
}
