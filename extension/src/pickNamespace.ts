/** Ask for a project, an environment or a namespace of the workspace. */

import * as vscode from 'vscode';
import * as format from './format';
import { type Model, type NamespaceRef, reference, stateOf } from './model';
import { choose, NothingThere } from './prompts';
import type { Project } from './protocol';

const { t } = vscode.l10n;

/** Ask for a project; if there is only one, return it. */
export async function pickProject(model: Model, title: string): Promise<Project> {
    const projects = await projectsOf(model);
    if (projects.length === 1) {
        return projects[0];
    }
    const choices = projects.map((one) => ({
        label: one.label,
        description: stateOf(one),
        value: one,
    }));
    return choose(choices, title, t('Which project?'));
}

/** Ask for a namespace; if there is only one, return it. */
export async function pickNamespace(model: Model, title: string): Promise<NamespaceRef> {
    return pickNamespaceOf(await projectsOf(model), title);
}

/** Ask for a namespace of these projects; if there is only one, return it. */
export async function pickNamespaceOf(projects: Project[], title: string): Promise<NamespaceRef> {
    const all = projects.flatMap((project) =>
        project.namespaces.map((namespace) => ({ project, namespace })),
    );
    if (!all.length) {
        throw new NothingThere(
            t('The config declares no KV namespaces; "KV Lens: Add Namespace…" adds one.'),
        );
    }
    if (all.length === 1) {
        return reference(all[0].project, all[0].namespace);
    }
    const choices = all.map((one) => ({
        label: one.namespace.binding,
        description: [
            one.namespace.environment === null ? '' : `env.${one.namespace.environment}`,
            typeof one.namespace.keys === 'number' ? format.count(one.namespace.keys, 'key') : '',
        ]
            .filter(Boolean)
            .join(' · '),
        detail: projects.length > 1 ? one.project.label : undefined,
        value: reference(one.project, one.namespace),
    }));
    return choose(choices, title, t('Which namespace?'));
}

/** Ask for an environment of a project that has some; null is the top level. */
export async function pickEnvironment(one: Project, title: string): Promise<string | null> {
    const names = new Set(one.namespaces.map((space) => space.environment));
    const others = [...names].filter((name) => name !== null);
    if (!others.length) {
        return null;
    }
    const choices = [null, ...others].map((name) => ({
        label: name ?? t('Top level'),
        description: name === null ? t('used if no environment is selected') : `env.${name}`,
        value: name,
    }));
    return choose(choices, title, t('In which environment?'));
}

async function projectsOf(model: Model): Promise<Project[]> {
    await model.ready();
    if (!model.projects.length) {
        throw new NothingThere(
            t('No config of a Worker was found in this workspace, such as wrangler.jsonc, wrangler.toml or cloudflare.config.ts.'),
        );
    }
    return model.projects;
}
