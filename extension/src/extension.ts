/** The entry point: VS Code calls `activate` and `deactivate`. */

import * as vscode from 'vscode';
import { keepAddresses } from './address';
import { BuildProblems } from './buildProblems';
import { ClockStatus } from './clockStatus';
import type { Parts } from './command';
import { Comparisons } from './compare/panel';
import { Documents } from './documents/documents';
import { Drops } from './drops';
import { History } from './history';
import { JsonProblems } from './jsonProblems';
import { keepLanguages } from './languages';
import { fail } from './messages';
import { Model } from './model';
import { Notices } from './notices';
import { registerCommands } from './register';
import { Server, type ServerState } from './server';
import { Status } from './status';
import { Differences } from './table/differences';
import { Tables } from './table/editor';
import { Tree } from './tree/tree';
import { ValueStatus } from './valueStatus';
import { Versions } from './versions';
import { Workers } from './workers';

const { t } = vscode.l10n;

let server: Server | undefined;

/** Start the server and show its information. */
export function activate(context: vscode.ExtensionContext): void {
    const log = vscode.window.createOutputChannel('KV Lens', { log: true });
    keepAddresses(context.workspaceState);
    const languageServer = new Server(context, log);
    server = languageServer;
    const model = new Model(languageServer);
    const tree = new Tree(model, languageServer);
    const workers = new Workers(languageServer);
    const history = new History(model, languageServer);
    const documents = new Documents(languageServer, context.workspaceState);
    const versions = new Versions(documents);
    const view = vscode.window.createTreeView('kvlens.namespaces', {
        treeDataProvider: tree,
        canSelectMany: true,
        dragAndDropController: new Drops(() => parts),
    });
    const differences = new Differences(languageServer);
    const comparisons = new Comparisons(context, languageServer, model, differences);
    const parts: Parts = {
        server: languageServer,
        model,
        tree,
        view,
        history,
        workers,
        versions,
        comparisons,
    };
    context.subscriptions.push(
        log,
        languageServer,
        model,
        tree,
        view,
        workers,
        history,
        documents,
        differences,
        new Tables(context, languageServer, model, differences).register(),
        versions,
        new Notices(documents),
        new ValueStatus(documents),
        keepLanguages(documents),
        new JsonProblems(),
        new BuildProblems(languageServer),
        new Status(model, languageServer),
        new ClockStatus(model),
        registerCommands(parts),
        languageServer.onState((state) => void showProblem(languageServer, state)),
        vscode.workspace.onDidGrantWorkspaceTrust(() => void model.refresh()),
        languageServer.onState(() => void showView(languageServer, model)),
        model.onDidChange(() => void showView(languageServer, model)),
        vscode.workspace.onDidChangeConfiguration((change) => {
            if (change.affectsConfiguration('kvlens.interpreter')) {
                void languageServer.restart();
            }
        }),
    );
    void languageServer.start();
}

/** Stop the server with the window. */
export async function deactivate(): Promise<void> {
    await server?.stop();
}

/** Select the welcome text of the empty view. */
async function showView(languageServer: Server, model: Model): Promise<void> {
    const is = (): string => {
        if (languageServer.state !== 'running') {
            return languageServer.state;
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
async function showProblem(languageServer: Server, state: ServerState): Promise<void> {
    if (state !== 'noPython' && state !== 'failed') {
        return;
    }
    const settings = t('Open Settings');
    const retry = t('Retry');
    const log = t('Show Log');
    const ways = state === 'noPython' ? [settings, retry] : [retry, log];
    const way = await fail(languageServer.problem, ...ways);
    if (way === settings) {
        await vscode.commands.executeCommand('kvlens.openSettings', 'kvlens.interpreter');
    } else if (way === retry) {
        await languageServer.restart();
    } else if (way === log) {
        languageServer.log.show();
    }
}
