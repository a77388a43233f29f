/** Run a project's Worker. */

import * as vscode from 'vscode';
import { type Contribution, type Parts, projectOf, type Subject } from '../command';
import { offerInstall } from '../install';
import { fail, inform } from '../messages';
import { pickEnvironment, pickProject } from '../pickNamespace';
import type { Commands } from '../protocol';
import { detailsOf } from '../server';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Run Worker',
    about: "Run the project's Worker on workerd, with its keys",
    icon: '$(play)',
    enablement: 'isWorkspaceTrusted',
    menus: {
        'kvlens.namespace': [{ group: '5_worker@1' }],
        'view/title': [
            {
                when: 'view == kvlens.namespaces && !kvlens.worker && kvlens.view =~ /^(ready|noNamespaces)$/',
                group: 'navigation@3',
            },
        ],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == project', group: '1_worker@1' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const { config, environment } = await whatToRun(parts, node);
    await vscode.workspace.saveAll(false);
    const options = { location: vscode.ProgressLocation.Window, title: t('Starting the Worker') };
    const request = { config, ...(environment ? { environment } : {}) };
    let started: Commands['kvlens.run'][1];
    try {
        started = await vscode.window.withProgress(options, () =>
            parts.server.ask('kvlens.run', request),
        );
    } catch (error) {
        if (detailsOf(error).kind !== 'MissingProgramError') {
            throw error;
        }
        if (await offerInstall(vscode.Uri.parse(config))) {
            await run(parts, { ...request, id: '', binding: '', environment: environment ?? null });
        }
        return;
    }
    const output = t('Show Output');
    const problems = t('Show Problems');
    const show = t('Open in Browser');
    const { url, built } = started;
    const chosen = built
        ? await inform(
              t('The Worker runs at {0} and restarts when its files change.', url),
              show,
              output,
          )
        : await fail(
              t("The Worker can't be built. It starts when you save a fix."),
              problems,
              output,
          );
    if (chosen === show) {
        await vscode.env.openExternal(vscode.Uri.parse(url));
    } else if (chosen === problems) {
        await vscode.commands.executeCommand('workbench.actions.view.problems');
    } else if (chosen === output) {
        parts.workers.output.show();
    }
}

/** Return the config and the environment of a lens, or ask for them. */
async function whatToRun(
    parts: Parts,
    node?: Subject,
): Promise<{ config: string; environment?: string | null }> {
    if (node && node.kind === undefined) {
        return node;
    }
    const project = projectOf(node) ?? (await pickProject(parts.model, t('Run Worker')));
    const environment = await pickEnvironment(project, t('Run Worker'));
    return { config: project.config, environment };
}
