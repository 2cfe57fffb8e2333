/** Vite reads a file as text where its name ends so: https://vite.dev/guide/assets#importing-asset-as-string */
declare module "*?raw" {
  const text: string;
  export default text;
}
