/** The entry point: VS Code calls `activate` and `deactivate`. */

import * as vscode from 'vscode';
import { keepAddresses } from './address';
import { registerCommands } from './register';
import { Documents } from './documents';
import { keepLanguages } from './languages';
import { fail } from './messages';
import { Model } from './model';
import { Notices } from './notices';
import { Server, type ServerState } from './server';
import { Status } from './status';
import { Tree } from './tree';
import { Workers } from './workers';

let server: Server | undefined;

/** Start the server and show its information. */
export function activate(context: vscode.ExtensionContext): void {
    const log = vscode.window.createOutputChannel('KV Lens', { log: true });
    keepAddresses(context.workspaceState);
    const own = new Server(context, log);
    server = own;
    const model = new Model(own);
    const tree = new Tree(model, own);
    const workers = new Workers(own);
    const documents = new Documents(own, context.workspaceState);
    const view = vscode.window.createTreeView('kvlens.namespaces', {
        treeDataProvider: tree,
        canSelectMany: true,
    });
    context.subscriptions.push(
        log,
        own,
        model,
        tree,
        view,
        workers,
        documents,
        new Notices(documents),
        keepLanguages(),
        new Status(model, own),
        registerCommands({ server: own, model, tree, view, workers }),
        own.onState((state) => void told(own, state)),
        vscode.workspace.onDidGrantWorkspaceTrust(() => void model.refresh()),
        own.onState(() => void showView(own, model)),
        model.onDidChange(() => void showView(own, model)),
        vscode.workspace.onDidChangeConfiguration((change) => {
            if (change.affectsConfiguration('kvlens.interpreter')) {
                void own.restart();
            }
        }),
    );
    void own.start();
}

/** Stop the server with the window. */
export async function deactivate(): Promise<void> {
    await server?.stop();
}

/** Select the welcome text of the empty view. */
async function showView(own: Server, model: Model): Promise<void> {
    const is = (): string => {
        if (own.state !== 'running') {
            return own.state;
        }
        if (!model.known) {
            return 'starting';
        }
        if (!model.projects.length) {
            return 'noConfig';
        }
        return model.all().length ? 'ready' : 'noNamespaces';
    };
    await vscode.commands.executeCommand('setContext', 'kvlens.view', is());
}

/** Show once why the server isn't running, with what to do. */
async function told(own: Server, state: ServerState): Promise<void> {
    if (state !== 'noPython' && state !== 'failed') {
        return;
    }
    const settings = 'Open Settings';
    const retry = 'Retry';
    const log = 'Show Log';
    const ways = state === 'noPython' ? [settings, retry] : [retry, log];
    const way = await fail(own.problem, ...ways);
    if (way === settings) {
        await vscode.commands.executeCommand('kvlens.openSettings');
    } else if (way === retry) {
        await own.restart();
    } else if (way === log) {
        own.log.show();
    }
}
