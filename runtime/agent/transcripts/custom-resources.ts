/** A definition of custom resources, and its objects, as a person sees them. */
import type { Transcript } from '../testing/transcript.ts';

const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: gadgets.{ns}.example.com
spec:
  group: {ns}.example.com
  scope: Namespaced
  names: { plural: gadgets, kind: Gadget, shortNames: ["gd-{ns}"] }
  versions:
    - name: v1
      served: true
      storage: true
      additionalPrinterColumns:
        - { name: Size, type: integer, jsonPath: .spec.size }
      subresources:
        status: {}
        scale: { specReplicasPath: .spec.size, statusReplicasPath: .status.size }
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              description: What is wanted of a gadget.
              required: [size]
              x-kubernetes-validations:
                - { rule: self.size >= oldSelf.size, message: gadgets only grow }
              properties:
                size: { type: integer, minimum: 1 }
                color: { type: string, default: red }
            status:
              type: object
              properties: { size: { type: integer } }
`;

const gadget = (size: string): string => `apiVersion: {ns}.example.com/v1
kind: Gadget
metadata:
  name: g
  namespace: {ns}
spec:
  size: ${size}
`;

export const customResources: Transcript = {
  name: 'custom resources',
  lines: [
    { type: 'create namespace {ns}', says: /created/ },
    { type: 'apply -f -', input: definition, says: /gadgets.\S+ created/ },
    {
      type: 'wait --for=condition=Established crd/gadgets.{ns}.example.com --timeout=30s',
      says: /condition met/,
    },
    { type: 'apply -f -', input: gadget('2'), says: /gadget.\S+\/g created/, soon: true },
    { type: 'get gd-{ns} g -n {ns}', says: /NAME\s+SIZE\s+g\s+2/ },
    { type: 'get gadgets.{ns}.example.com g -n {ns} -o jsonpath={.spec.color}', says: /^red$/ },
    {
      type: 'apply -f -',
      input: gadget('zwei'),
      code: 1,
      says: /must be of type integer|expected integer|invalid type/,
    },
    { type: 'apply -f -', input: gadget('1'), code: 1, says: /gadgets only grow/ },
    {
      type: 'apply --server-side --force-conflicts -f -',
      input: gadget('3'),
      says: /serverside-applied/,
      code: 0,
    },
    { type: 'scale gadgets.{ns}.example.com g -n {ns} --replicas=5', says: /scaled/ },
    { type: 'get gadgets.{ns}.example.com -A', says: /g\s+5/ },
    { type: 'explain gadget.spec --api-version={ns}.example.com/v1', says: /What is wanted of a gadget/ },
    {
      type: 'describe crd gadgets.{ns}.example.com',
      says: [/^Name:\s+gadgets\./m, /Message:\s+gadgets only grow/, /Type:\s+Established/],
    },
    {
      type: 'describe gadgets.{ns}.example.com g -n {ns}',
      says: [/^API Version:\s+\S+\.example\.com\/v1$/m, /Size:\s+5/, /Color:\s+red/],
    },
    {
      type: 'explain gadget --recursive --api-version={ns}.example.com/v1',
      says: [/GROUP:\s+\S+\.example\.com/, /size\s+<integer> -required-/],
    },
    { type: 'get crd gadgets.{ns}.example.com -o wide', says: /^gadgets\.\S+\s+20\d\d-/m },
    { type: 'delete crd gadgets.{ns}.example.com', says: /deleted/ },
    {
      type: 'get gadgets.{ns}.example.com -n {ns}',
      code: 1,
      says: /the server doesn't have a resource type|NotFound|not find/,
      soon: true,
    },
  ],
};
