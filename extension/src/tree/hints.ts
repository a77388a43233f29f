/** Rows that say what to do, and do it when clicked. */

import * as vscode from 'vscode';
import * as format from '../format';
import type { Project } from '../protocol';
import type { Server } from '../server';
import { distinct } from '../visible';
import { type HintNode, idOf, type NamespaceNode } from './nodes';

const { t } = vscode.l10n;

export function emptyHints(node: NamespaceNode): HintNode[] {
    const id = idOf(node);
    const hint = (what: string, label: string, icon: string): HintNode => ({
        kind: 'hint',
        id: `${id}|${what}`,
        label,
        icon,
        command: { command: `kvlens.${what}`, title: label, arguments: [node] },
    });
    return [
        hint('seed', t('No keys yet: seed from a file…'), 'cloud-upload'),
        hint('put', t('or put a key…'), 'add'),
    ];
}

export function noMatchHint(node: NamespaceNode, filter: string): HintNode {
    const label = vscode.l10n.t('No key begins with "{0}": clear the filter', distinct(filter));
    const command = { command: 'kvlens.clearFilter', title: label, arguments: [node] };
    return { kind: 'hint', id: `${idOf(node)}|noMatch`, label, icon: 'filter', command };
}

export function trustHint(id: string): HintNode {
    const label = t('Trust this workspace to see its keys');
    const command = { command: 'workbench.trust.manage', title: label };
    return { kind: 'hint', id: `${id}|trust`, label, icon: 'shield', command };
}

export function addHint(project: Project): HintNode {
    return {
        kind: 'hint',
        id: `${project.config}|add`,
        label: t('No KV namespaces yet: add one…'),
        icon: 'add',
        command: {
            command: 'kvlens.addNamespace',
            title: t('Add Namespace…'),
            arguments: [{ kind: 'project', project }],
        },
    };
}

export function emulatorHint(project: Project): HintNode {
    const why = project.message?.replace(/^kvlens \w+: /, '');
    if (project.install) {
        return {
            kind: 'hint',
            id: `${project.config}|emulator`,
            label: t('Install {0}: copy command', project.install.split(' ').at(-1) ?? ''),
            description: t('Python package missing'),
            tooltip: why,
            icon: 'warning',
            command: {
                command: 'kvlens.copyInstall',
                title: t('Copy Command'),
                arguments: [{ kind: 'project', project }],
            },
        };
    }
    return {
        kind: 'hint',
        id: `${project.config}|emulator`,
        label: why ? t('The emulator failed: {0}', why) : t('The emulator failed'),
        icon: 'warning',
        command: {
            command: 'kvlens.restart',
            title: t('Restart Emulator'),
            arguments: [{ kind: 'project', project }],
        },
    };
}

/** What seeding all namespaces would write; a click does that. */
export async function seedAllHint(server: Server, project: Project): Promise<HintNode> {
    const request = { config: project.config, dryRun: true };
    const plan = await server.ask('kvlens.seedAll', request).catch(() => undefined); // a click says why
    const label = plan
        ? t('Seed {0} into {1}', format.count(plan.written, 'key'), format.count(plan.namespaces, 'namespace'))
        : t('Seed all namespaces');
    const hasEnvironments = project.namespaces.some(({ environment }) => environment !== null);
    const description = hasEnvironments ? t('top level') : '';
    const tooltip = t('No keys yet: write those in the files of "seeds"');
    const node = { kind: 'project', project };
    const command = { command: 'kvlens.seedAll', title: label, arguments: [node] };
    const id = `${project.config}|seedAll`;
    return { kind: 'hint', id, label, description, tooltip, icon: 'cloud-upload', command };
}

/** What is wrong with a config; a click opens it there. */
export function problemHint({ config, label, problem, problemLine = 0 }: Project): HintNode {
    const said = `${label}: ${problem}`;
    const at = new vscode.Position(Math.max(0, problemLine - 1), 0);
    const options = { selection: new vscode.Range(at, at) };
    return {
        kind: 'hint',
        id: `${config}|problem`,
        label: problemLine ? t('{0}: error in line {1}', label, problemLine) : said,
        tooltip: said,
        icon: 'warning',
        command: {
            command: 'vscode.open',
            title: t('Open Config'),
            arguments: [vscode.Uri.parse(config), options],
        },
    };
}

export function failureHint(id: string, error: unknown): HintNode {
    return {
        kind: 'hint',
        id: `${id}|failure`,
        label: format.reason(error),
        icon: 'warning',
        command: { command: 'kvlens.refresh', title: t('Refresh') },
    };
}
