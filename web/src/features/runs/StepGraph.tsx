import dagre from "@dagrejs/dagre";
import { useMantineColorScheme } from "@mantine/core";
import { Background, Controls, Handle, Position as Side, ReactFlow, type Edge, type Node, type NodeProps } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useMemo } from "react";
import type { Run, Step } from "@/lib/model";
import { StepState } from "@/ui/Status";
import { edgesOf } from "./graph";
import classes from "./StepGraph.module.css";

type StepNode = Node<{ step: Step; chosen: boolean }, "step">;

const size = { width: 190, height: 52 };
const mostSteps = 300;
const nodeTypes = { step: StepBox };

interface StepGraphProps {
  run: Run;
  chosen: string | undefined;
  onStep: (path: string) => void;
}

export default function StepGraph({ run, chosen, onStep }: StepGraphProps) {
  const { colorScheme } = useMantineColorScheme();
  const steps = useMemo(() => run.steps.slice(0, mostSteps), [run.steps]);
  // Where a box stands depends on the paths alone, so that none moves when a step changes its status.
  const { places, edges } = useMemo(() => layOut(steps.map((step) => step.path)), [steps]);
  const nodes = steps.map(
    (step): StepNode => ({
      id: step.path,
      type: "step",
      position: places.get(step.path) ?? { x: 0, y: 0 },
      data: { step, chosen: step.path === chosen },
      ...size,
      ariaLabel: `${step.path}, ${step.status}`,
    }),
  );
  return (
    <>
      {run.steps.length > mostSteps && <p>The first {mostSteps} of {run.steps.length} steps. The list shows all.</p>}
      <div className={classes.graph}>
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          colorMode={colorScheme === "auto" ? "system" : colorScheme}
          onNodeClick={(_, node) => onStep(node.id)}
          nodesDraggable={false}
          nodesConnectable={false}
          edgesFocusable={false}
          fitView
          fitViewOptions={{ maxZoom: 1 }}
          minZoom={0.2}
          preventScrolling={false}
          proOptions={{ hideAttribution: true }}
        >
          <Background />
          <Controls showInteractive={false} />
        </ReactFlow>
      </div>
    </>
  );
}

function layOut(paths: string[]): { places: Map<string, { x: number; y: number }>; edges: Edge[] } {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 18, ranksep: 48 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const path of paths) graph.setNode(path, { ...size });
  const pairs = edgesOf(paths);
  for (const [from, to] of pairs) graph.setEdge(from, to);
  dagre.layout(graph);
  const places = new Map(
    paths.map((path) => {
      const { x, y } = graph.node(path) as { x: number; y: number };
      return [path, { x: x - size.width / 2, y: y - size.height / 2 }];
    }),
  );
  return { places, edges: pairs.map(([from, to]) => ({ id: `${from}→${to}`, source: from, target: to })) };
}

function StepBox({ data: { step, chosen } }: NodeProps<StepNode>) {
  return (
    <div className={classes.box} data-chosen={chosen || undefined}>
      <Handle type="target" position={Side.Left} />
      <span className={classes.name}>
        {step.id}
        {step.iteration != null && ` #${Number(step.iteration) + 1}`}
      </span>
      <StepState status={step.status} />
      <Handle type="source" position={Side.Right} />
    </div>
  );
}
